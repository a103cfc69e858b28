"""What people write around contact details: sentences by kind of detail and by whose it is.

In a sentence {D} is the detail, {P} the word for a platform, [a|b|c] a choice (choices may stand inside choices), other braces a word of mail.py's
or of WORDS. The sentences of a list belong in turn to the two halves of the mail: what one half says, the other never does.
"""

WORDS = {
    "when": ["after school", "tonight", "this weekend", "over break", "tomorrow", "before {hour}", "after {hour}", "on {day}", "in the evening", "at lunch", "any time",
             "on game day", "later today"],
    "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "hour": ["six", "7", "eight", "5:30", "7 pm", "noon", "9:15", "four", "3 p.m."],
    "event": ["the meet", "the regatta", "the recital", "practice", "the science fair", "the trip", "the banquet", "rehearsal", "the tournament", "the car wash", "tryouts",
              "the overnight", "our showcase", "the hike"],
    "club": ["robotics", "yearbook", "chess club", "cross country", "the jazz band", "debate", "the garden club", "mock trial", "softball", "stage crew"],
    "subject": ["algebra", "chemistry", "world history", "English", "ceramics", "Spanish", "physics", "biology", "health", "geometry"],
    "task": ["the lab report", "your essay", "chapter nine", "the permission slip", "the reading log", "the draft", "your sources", "the packet", "the poster"],
    "town": ["Eastbrook", "Marlin Bay", "Sugar Notch", "Cold Spring", "the city"],
    "kin_f": ["wife", "sister", "mother", "mom", "daughter", "aunt", "cousin", "grandmother", "partner", "roommate", "neighbor", "friend", "sister-in-law", "babysitter"],
    "kin_m": ["husband", "brother", "father", "dad", "son", "uncle", "cousin", "grandfather", "partner", "roommate", "neighbor", "friend", "brother-in-law", "fiancé"],
    "orgname": ["Harborlight {orgkind}", "{town} {orgkind}", "Old Mill {orgkind}", "Kestrel {orgkind}", "the {orgkind}", "the {town} {orgkind}", "Two Rivers {orgkind}",
                "Granite State {orgkind}", "Lakeview {orgkind}"],
    "orgkind": ["Science Museum", "Planetarium", "Community College", "State University", "Playhouse", "Coach Lines", "Bus Company", "Print Shop", "Credit Union",
                "Public Library", "Food Bank", "Hospital", "Skating Rink", "Bowling Lanes", "Music Store", "Historical Society", "Youth Orchestra", "Summer Camp",
                "Sporting Goods", "Ski Area", "Police Department", "Parks Department", "Uniforms", "Trophies", "Framing", "Photo Studio", "Pizza", "Bakery", "Inn",
                "Climbing Gym", "Dental Group", "Testing Service", "Robotics League", "Aquarium", "Art Institute", "Box Office", "Blood Center", "Legal Aid", "Kayak Tours",
                "Senior Center", "Radio", "Farm", "Observatory", "Music Festival", "Instrument Repair", "Driving School"],
    "official": ["Senator {family}", "Representative {family}", "Mayor {family}", "the county clerk", "the town clerk", "Commissioner {family}", "Councilor {family}"],
    "office": ["main office", "front desk", "attendance line", "nurse", "guidance office", "athletic office", "library desk", "transportation office", "health room",
               "counseling suite", "registrar", "business office"],
    "title": ["Teacher", "{subject} Teacher", "Science Department", "Athletic Director", "Counselor", "Head Coach, {club}", "Band Director", "Special Education", "Librarian",
              "Assistant Principal", "Grade 7 Team", "School Nurse", "Paraprofessional"],
}

# ---- phones --------------------------------------------------------------------------------------------------------------------------------------

PHONE = {}
PHONE["sender"] = [
    "If [anything comes up|plans change|you get lost|the bus is late|it rains] {when}, [my cell is|my cell phone number is|my number is|my mobile is] {D}.",
    "[Call|Text|Ring|Buzz|Message] me [at|on] {D} [when you get there|if you need a ride|{when}|].",
    "[The best way|The quickest way|The surest way|The easiest way] to [reach|get hold of|get|contact] me {when} is {D}.",
    "I'm at {D} [most evenings|until late|all weekend|from {hour} on|while we travel].",
    "My [new|personal|private|own|home] [number|phone|cell]: {D}.",
    "[Save|Keep|Put] my number [just in case|in your phone|for {day}]: {D}.",
    "I [don't|do not|rarely|hardly] check [mail|email|this account] at home, so [use|try|dial] {D} [instead|].",
    "[Mine|Mine's|Mine is] {D} [if you want it|in case you lost it|, same as last year].",
    "{D} [is my cell|is my mobile|goes straight to me|is my own phone|rings in my pocket|is the number I carry], so you can [find|catch|reach] me {when}.",
    "[Just|Please|Then] send [a text|a quick text|a message|a line] to {D} [and I'll come down|and I will answer|when you're home|so I know you made it].",
    "[I can be reached|You can get me|You'll find me|I answer] [at|on|under] {D} [until {hour}|at night|while we are in {town}|{when}].",
    "[Also|PS|P.S.|By the way|One more thing], my [cell|mobile|cellphone] [hasn't changed|is still the same|did change]: {D}",
    "Let me know [by text|with a text|on my phone|on my cell] — {D}.",
    "For [emergencies|anything urgent|real trouble] on {event} I carry my [own|personal|private] phone, {D}.",
    "i [dont want to|would rather not|cant] do this over school [mail|email]. {D}",
    "{D}. [Use it|Call when you can|Don't share it|Keep it to yourself|Any hour is fine].",
    "[number's|the number's|my number's] {D}[ ({me})| - {me}|]",
    "It's {me} from [school|class|{club}], {D} [is me|is mine|works best|if you need to talk].",
    "[Stuck|Lost|Running late|Questions]? [Call|Text] me, {D}.",
    "[You have|Now you have|You already have] my [personal|cell|home] number, [but here it is again|right]? {D}",
    "[We|My family and I] moved; [the home phone|our home number|my home phone] is now {D}.",
    "When you [land|arrive|get to {town}], [give me a call|give me a ring|call me up|holler at me] at {D}.",
    "[Between us|Just for you|Only for the team|For the captains]: {D}.",
    "I keep my phone on {when}: {D}, [no need to be shy|call or text|texts are fine].",
    "[A group text works|Group chat is quicker|I set up a group text], my number is {D} [, send me yours|].",
    "I'll [be on my cell|have my cell with me|be reachable by cell] ({D}) [during {event}|{when}].",
    "I will be at {org} with the group, [my cell is|call me at|text me at] {D}.",
    "I work [weekends|evenings] at {org}, but [call|text] my cell: {D}.",
    "{org} closes at {hour}; after that [call|text|try] me, {D}.",
    "When the tour of {org} ends, [text|call] me at {D} and I'll pick you up.",
]
PHONE["sender es"] = [
    "[Mi celular es|Mi número es|Mi cel es|Mi número personal es] {D}[, llámame|, cualquier cosa me avisas|].",
    "[Llámame|Llámeme|Márcame|Escríbeme] al {D} [si necesitas algo|cuando llegues|el {day}|].",
    "[Si|Cuando] [pasa algo|se pierden|llegas tarde], [me encuentras|me localizas|estoy] en el {D}.",
    "[Guarda|Apunta|Anota] mi número: {D}.",
    "Mándame un mensaje al {D} [y te contesto|por favor|cuando puedas].",
    "[Este es mi|Te dejo mi|Les dejo mi] [teléfono personal|número de celular|número privado], {D}.",
    "Fuera de la escuela [me puedes hablar|contesto|atiendo] al {D}.",
    "[Mejor|Es más fácil] por teléfono: {D}. Soy {me}.",
]
PHONE["other"] = [
    "My {kin} [will drive|is driving|brings the second van|has the keys]; {his} [cell|number|mobile|phone] is {D}.",
    "[Call|Text|Try] my {kin} {given} at {D} [if I don't answer|in case I am on stage|{when}].",
    "{given} ([my {kin}|a friend of mine|our neighbor]) [can be reached|is] at {D}.",
    "[Ask|Text|Call] {given}, {his} [cell|number] is {D}.",
    "{given}'s [number|cell|phone|home number] is {D}.",
    "If [I am late|my phone is dead|you can't get me], my {kin} is [at|on] {D}.",
    "[The parent|The mom|The dad|A chaperone] who [drives|brings snacks|rides along] is {given} {family}, [cell|mobile|phone] {D}.",
    "{his_cap} [personal|private|home] [number|cell] is {D}, [but don't tell {him}|{he} won't mind|ask first].",
    "My {kin}'s [cell|phone|number]: {D}",
    "[Her parents|His parents|The family|{given}'s mom|{given}'s dad] can be called at {D}.",
    "{given} said to [text|call] {him} at {D} [about the ride|about {event}|].",
    "[Emergency contact|In an emergency]: my {kin}, {D}.",
    "{given} {family} {D} ([drives|van two|snacks|tents])",
    "You could [stay with|ride with] my {kin} — {D} — {he} [knows|expects you].",
    "My {kin} works at {org}, {his} [cell|own number|mobile] is {D}.",
    "{given}, my {kin}, [runs|manages] {org}; call {him} [at home|privately], {D}.",
    "My {kin} [drives for|teaches at] {org} and said you can [text|call] {him}: {D}.",
    "I know {given} from {org}; {his} [private|personal] [number|cell] is {D}.",
    "If you want [the job|the ride], talk to my {kin} at {org}, {his} cell is {D}.",
    "For [the gig|babysitting|lessons] ask my {kin} {given}, {D}, not {org}.",
]
PHONE["other es"] = [
    "El celular de mi {kin_es} es {D}.",
    "Llama a mi {kin_es} al {D} [si no contesto|].",
    "[Pregúntale|Háblale] a {given}, su [número|celular] es {D}.",
    "El teléfono de {given} es {D}.",
]
PHONE["organisation"] = [
    "[Call|Phone|Ring|Contact] {org} at {D} [for tickets|to reserve|about the group rate|for hours|to change the booking].",
    "{org}: {D}",
    "{org} [can be reached at|answers at|takes orders at|is open until {hour},] {D}.",
    "[For|With] [questions|information|details|reservations], [call|phone|dial] {D}.",
    "The [bus company|caterer|photographer|rental place|vendor|driver's dispatcher] is {org}, {D}.",
    "Admissions at {org} [is|answers at] {D}; ask [for the fall visit days|about the waiver|when the essay is due].",
    "[Order|Pick up|Rent] [the gowns|the trophies|the shirts|the tuba] from {org} ({D}).",
    "[Customer service|The help desk|Support|The hotline] is {D}, [option 2|ext. {n}|weekdays only|around the clock].",
    "Write or call {official} at {D} [for the civics project|about the bike path|to ask for an interview].",
    "If you or a friend [feel unsafe|need to talk|are in crisis], [call|text] {D}, [it is free and confidential|any hour].",
    "{org} has a tour at {hour}. The number there is {D}.",
    "[Visit|See|Ask] {org}, {ST}, phone {D}.",
    "The [clinic|pharmacy|rink|hall] [moved|closes early]; call {D} before you go.",
    "[Register|Sign up|Audition] by {day} by calling {D}.",
    "We [booked|hired|use] {org} again. Their [number|phone|line] is {D}.",
    "[Tickets|Rooms|Lanes|Rentals]: {D} or at the door.",
    "{org} [wrote back|confirmed] the [booking|date]. [Front desk|Box office|Main line]: {D}.",
    "For the internship, {given} {family} at {org} [takes calls at|wants you to call] {D}.",
    "The [state|county|federal] [hotline|office] for [records|aid|licenses] is {D}.",
    "Tel. {D}, fax {D2}, {org}",
    "I [called|asked|wrote to] {org}; they [take|want] [the deposit|our count] by {day}, {D}.",
    "You can [reach|call] {org} at {D} [if you have questions|and ask for a student ticket|].",
    "My [dentist|violin teacher|favorite bakery], {org}, gives [a discount|lessons]: {D}.",
    "[Have|Ask] your parents [to call|call] {org} at {D} [about the deposit|by {day}].",
    "[He|She|They] at {org} said to dial {D} [for the recorded schedule|and press 4].",
    "I put the [order|booking] in with {org}. If you [are late|get lost], their driver's desk is {D}.",
    "Join by phone: {D} [Meeting ID: {o3} {o3} {o4}|Passcode: {o6}|PIN {o4}#].",
    "[Dial-in|Dial in|Conference line|Call-in number]: {D}, access code {o6}.",
    "One tap mobile: {D},,{o9}#.",
    "[No video?|Bad connection?] Dial {D} and enter the meeting ID {o3} {o3} {o3}.",
    "Dial by your location: {D} US ([New York|Chicago|San Jose|Houston]). Meeting ID {o3} {o4} {o4}.",
    "Video call at {hour}. Or dial: {D} PIN: {o3} {o3} {o3}#.",
    "We were told that {D} is the [museum's|theater's|company's] [group line|main number].",
    "When you [apply|audition|interview], {org} wants your transcript; questions go to {D}.",
]
PHONE["organisation es"] = [
    "Para [boletos|información|reservar|citas], llame al {D}.",
    "{org} atiende en el {D} [de lunes a viernes|hasta las 5|].",
    "[La biblioteca|El museo|La clínica|La universidad] contesta en el {D}.",
    "La línea de ayuda es {D}, gratis y confidencial.",
]
PHONE["school"] = [
    "[Call|Phone] the {office} at {D} [if your child is sick|by {hour}|to excuse an absence].",
    "The {office} [is|can be reached at|answers at] {D}.",
    "[Our|The] school [number|phone] is {D}; [press 3 for the nurse|ask for me|leave a voicemail].",
    "[My|The] classroom [phone|line] is {D}, [leave a message|it rings in room {n}].",
    "{office_cap}: {D}",
    "Leave word [at school|with the secretary|in the {office}], {D}.",
    "[The district|Central office|The superintendent's office] takes calls at {D}.",
    "My [desk|work|office|school] [phone|line|extension] is {D} [during the day|from 7:30 to 3|].",
    "My cell is [broken|dead|off limits], so call the {office}: {D}.",
    "[Parents|Families] [may|can] reach [the school|us during the day] at {D}.",
    "School voicemail: {D}, [ext. {n}|box {n}].",
    "On the trip I carry the [school's|district's] phone, {D}.",
    "You can reach [me|us] at school, {D}, [room {n}|during second period|until {hour}].",
    "If you [are sick|will be late], have your mom call the {office} at {D}.",
    "I am in [the {office}|room {n}] until {hour}; the phone there is {D}.",
    "Tell your [parents|family] that the {office} answers at {D}.",
    "My extension [at school|in the {office}] is {D}.",
    "I answer the classroom phone, {D}, [during lunch|before first period].",
    "[Reach|Call|Try] me in my [classroom|office] at {D} [before three|on school days].",
    "I have the [district|school] cell with me: {D}.",
    "Call me at school: {D}.",
    "My [school|district|work] [voicemail|phone] is {D}, I check it daily.",
    "I only use my [school|work] number for calls, {D}.",
    "You get [me|my aide] on the [library|gym|lab] phone, {D}.",
]
PHONE["school es"] = [
    "La [oficina|secretaría] de la escuela es {D}.",
    "[Llame|Avise] a la escuela al {D} si su hijo falta.",
    "Mi [extensión|teléfono de la escuela|línea de la oficina] es {D}.",
    "[La enfermera|El distrito] contesta en el {D}.",
]
PHONE["recipient"] = [
    "Is {D} still [your number|the right number for you|your cell|your home phone]?",
    "We have {D} [on file for you|as your number|listed for your house]; [tell the office if it changed|please confirm].",
    "[Your|Your home] [number|phone|cell] [in the portal|on the form|in our files|on the card] is {D}.",
    "I tried [to call you|you|your mother and you] at {D} [but nobody answered|twice today].",
    "You [gave|listed|wrote] {D} [on the sign-up sheet|for {event}|as your cell], is [that|it] right?",
    "The [form|card|sheet] you [handed in|sent] says {D}.",
    "Please check your entry: {name}, grade 10, {D}.",
    "Your phone is {D}, right?",
]
PHONE["textbook"] = [
    "Problem {n}. [{given} dials|A caller dials|Sam dials] {D} [twice an hour|{n} times]. How many calls in a week? Solve for x.",
    "In the story the [detective|widow|narrator] [writes|finds|reads] {D} on a [matchbook|napkin|wall]. What does the scene tell us?",
    "Write a regular expression that matches {D} but not [12-34|555]. Test cases are on the worksheet.",
    "[Example|Sample]: \"[Name: Jane Sample|Pat Placeholder], Phone: {D}\". Replace the placeholder with [made-up data|fictional names].",
    "The [poster|advertisement|handbill] from {year} in the archive shows the [exchange|telephone] {D}. What does it say about the century?",
    "A scammer may call from {D} [and say your account is locked|pretending to be the IRS]. [Hang up|It is fake].",
    "Practice dialogue: \"¿Cuál es su teléfono?\" \"Es el {D}.\" Translate both lines.",
    "Exercise {n}: [input|validate] {D} and print valid or invalid.",
    "The song [chorus|lyrics] [repeat|repeats] {D} {n} times; [find the meter|explain the refrain].",
    "In chapter {n} of the novel, {given} [loses|burns] the number {D}. Why?",
    "Word problem: {given} pays 5 cents a minute when he calls his aunt at {D}. Write an equation.",
    "Translate: \"My phone number is {D}. Call me.\" Then write your own dialogue.",
    "Scene {n}: \"Here is my number, {D},\" the character whispers. Who hears it?",
    "The sample letter ends: \"You may call me at {D}.\" Fix its punctuation on the worksheet.",
    "Quiz question {n}: her number is {D}. How many different digits has it?",
    "Imagine your cell phone number is {D}. What is the sum of its digits? Show the problem on paper.",
]

# A worksheet: the line above, and lines of which some have a detail.
WORKSHEETS = [
    ("[Regex|Pattern] practice. Which of these [strings|samples] does your expression match?", ["{D}", "[12-345|55-0A|5555]", "{D}", "[jane.sample|no match|x9]"]),
    ("Unit {n} worksheet: [phone etiquette|taking messages]. Correct the mistakes.", ["Hello, my name are Sam, call me in {D}.", "I are not home now.", "You can texts me at {D}."]),
    ("Vocabulary: los números. [Read aloud|Write as figures]:", ["{D}", "[quince|veinte|cuarenta y dos]", "Mi teléfono es {D}"]),
    ("Sample data for the [database|spreadsheet] exercise:", ["Name;Phone", "Pat Placeholder;{D}", "Jo Sample;{D}"]),
    ("Dialogue to act out in class:", ["A: Can I have your number?", "B: Sure, it is {D}.", "A: Thanks, I will call you."]),
    ("Homework, problem {n}: [area codes|prime factors|even digits]", ["[Ann|Lee] dials {D}.", "How many digits are even?", "Then [he|she] dials {D}. Which sum is larger?"]),
    ("Test cases for your [validator|parser] (expected result behind the arrow):", ["{D} -> valid", "abc -> invalid", "{D} -> valid"]),
    ("Scene {n}, the characters meet at the telegraph office:", ["NELL: Put me through to {D}, please.", "OPERATOR: That line is busy, dear.", "(She hangs up.)"]),
]

# ---- mailboxes -----------------------------------------------------------------------------------------------------------------------------------

EMAIL = {}
EMAIL["sender"] = [
    "[Send|Mail|Forward|Share] [it|{task}|the photos|your answer] to {D}[, I read that at home|, not to this address|].",
    "My [personal|private|home|own|other] [email|address|account|mail] is {D}.",
    "[Write|E-mail|Email] me at {D} {when}.",
    "[Use|Try] {D} [over the summer|once the school account closes|when this one bounces|], [that is me|it goes to my phone|].",
    "[You can also|You may|Feel free to] [reach|find|write] me at {D}.",
    "I'm {D} [if the big file won't go through|at home|for anything private].",
    "[The school account|School mail] is [slow|blocked|read by others]. {D} [is better|works|].",
    "[Reply|Answer] to {D}, [please|I check it more often|not here].",
    "My gmail: {D}",
    "[Share|Open] the doc with {D} [so I can edit|, that's my home account|].",
    "[PS|P.S.|Also], {D} [is mine|is where I keep the videos|still works].",
    "[Contact me|Get in touch] {when} under {D}.",
    "[After graduation|When you are in college] [write|keep in touch]: {D}.",
    "{D} - {me}",
    "[I prefer|I'd rather have] [mail|drafts|questions] at {D}.",
    "[Keep|Put] this [private|between us|off the school server]: {D}.",
]
EMAIL["sender es"] = [
    "Mi correo [personal|privado|de casa] es {D}.",
    "[Mándame|Envíame|Mándeme] [la tarea|las fotos|el archivo] a {D}.",
    "[Escríbeme|Escríbame] a {D}, [lo leo en casa|por favor|].",
    "[También|Además] [estoy|contesto] en {D}.",
]
EMAIL["other"] = [
    "My {kin} [keeps the list|does the books|edits the video]; [write|mail] {him} at {D}.",
    "{given}'s [email|address] is {D}.",
    "[Copy|Include|Cc] my {kin} ({D}) [on the schedule|please|].",
    "[Send|Forward] the [photos|bill|form] to my {kin} at {D}.",
    "{given} {family} <{D}> [offered to help|drives the second car|has the tents].",
    "{his_cap} [personal|private] [mail|email] is {D}.",
    "[Ask|Write] {given}, {he} answers at {D}.",
    "[The mom in charge|The dad in charge|Our volunteer] is {given}: {D}",
]
EMAIL["organisation"] = [
    "[Send|Mail] [your application|transcripts|the form] to {D}.",
    "[Write|Write to|Contact] {org} at {D} [for a quote|with questions|about the tour].",
    "{org}: {D}",
    "[Questions|Registration|Orders]: {D}",
    "[The contest|The program|The league] takes entries at {D} until {day}.",
    "Ask {given} {family} at {org}, {D}, about [the scholarship|the interview|credit].",
    "{official} answers mail at {D}.",
    "[To cancel|To unsubscribe|For a refund] write {D}.",
    "[Submit|Enter] your [poem|photo|resume] by {day}: {D}",
    "You may [quote|cite] the author, {given} {family} ({D}), with permission.",
    "The [regional office|coordinator|editor] is at {D}.",
    "I [asked|wrote] {org} for you; please confirm with {D}.",
    "You can [reach|write] the [judges|program staff] at {D}.",
    "If you need [a waiver|more time], tell them at {D}, not me.",
    "My [publisher|ticket agent] at {org} is {D}.",
    "[Our contact|The organizer] there is {given} {family}, {D}.",
]
EMAIL["school"] = [
    "[Write|Send it] to [the office|the registrar|the help desk] at {D}.",
    "My school address is {D}.",
    "[Attendance|The nurse|Guidance] reads {D} every morning.",
    "[Forms|Notes] go to {D}.",
    "Please only use {D}, [my district account|the school account], for homework.",
    "[Send|Turn in] absences to {D}.",
]
EMAIL["recipient"] = [
    "Is {D} still your [address|email]?",
    "Your [login|account|username] [is|was set to] {D}.",
    "We have {D} on file for you.",
    "You [wrote|signed up] from {D}, [is that yours|please use the school account].",
]
EMAIL["textbook"] = [
    "[Example|Sample] [header|record]: To: {D}. Which part is the domain?",
    "Test your regular expression on {D} [and on two invalid strings|].",
    "The phishing mail came from {D}. [Find|List] three red flags that it is fake.",
    "Exercise {n}: parse {D} into user and host.",
    "In the [play|novel|story], {given} signs up as {D}. Is the narrator [honest|reliable]?",
    "Use the placeholder {D} in your [web page|form|mockup].",
    "Practice: \"You can write me at {D},\" says the pen pal in the story. Answer in Spanish.",
    "A fake message asks you to send your password to {D}. Which signs of phishing do you see?",
]

# ---- handles -------------------------------------------------------------------------------------------------------------------------------------

HANDLE = {}
HANDLE["sender"] = [
    "[Follow|Add|Find|Message|DM] me on {P}[:|,|] {D}.",
    "My {P} is {D}.",
    "[I'm|I am] {D} on {P}.",
    "[Look me up|Look for me|Search for me] on {P}, {D}.",
    "{P}: {D}",
    "[I post|I put] the [plays|clips|answers|photos] on {P} as {D}.",
    "[We can|Let's] [talk|chat|continue] on {P}, [I'm|my name there is] {D}.",
    "[PS|Also|btw] my {P} [is|handle is|name is|username is] {D}.",
    "[Hit me up|Write me|Send me a request] on {P} — {D}.",
    "[On|Over on] {P} [I go by|my user is|I use] {D}.",
    "add me {P} {D}",
    "[Do you have|Got] {P}? [I'm|Mine is|mine's] {D}.",
]
HANDLE["sender es"] = [
    "[Agrégame|Sígueme|Búscame] en {P}: {D}.",
    "Mi {P} es {D}.",
    "[Estoy|Soy] {D} en {P}.",
    "[Escríbeme|Mándame mensaje] por {P}, {D}.",
]
HANDLE["other"] = [
    "My {kin} is {D} on {P}.",
    "[Follow|Add|Message] my {kin} on {P}, {D}.",
    "{given}'s {P} is {D}.",
    "{his_cap} {P} is {D}[, {he} posts the videos|].",
]
HANDLE["organisation"] = [
    "[Follow|Tag] {org} on {P}: {D}.",
    "{org} posts [the results|daily facts|the menu] on {P} ({D}).",
    "[The museum's|The band's|The author's|The team's] [official|verified] {P} is {D}.",
    "[Look at|Compare] how {official} uses {P}, {D}, in this week's [campaign|race].",
    "Our [club|boosters|yearbook|program] [page|account] on {P} is {D}, [follow us|tag us].",
    "[Results|Highlights|Scores] are on the league's {P}, {D}.",
    "For the media unit, [read|study] {D} on {P}, a [news|fan|public] account.",
    "[Join us|Find us] on {P}: {D}",
    "I like how {org} explains it on {P}: {D}.",
    "You can see the [photos|results] on the [festival's|museum's|paper's] {P}, {D}.",
]
LINK = {}
LINK["sender"] = [
    "[I share|I keep] my [pictures|playlists|pottery] at {D}.",
    "[Find|Follow|Add] me: {D}",
    "My [profile|page|account]: {D}",
    "{D} [is me|that's me|<- me]",
    "[PS|Also], I'm here now: {D}",
    "You can [message|reach|find] me through {D}.",
]
LINK["other"] = [
    "My {kin}'s page is {D}.",
    "[Ask|Message] {given} here: {D}",
    "{given} ([my {kin}|a neighbor]) is at {D}.",
    "{his_cap} profile: {D}",
]
LINK["organisation"] = [
    "{org} [posts|streams] at {D}.",
    "[Follow|Watch] {org}: {D}",
    "The [official|public] page of [the festival|the league|the museum] is {D}.",
    "Our [club|team|program] [page|account]: {D}",
]
INVITE = {}
INVITE["sender"] = [
    "[Join|Here is] my [group|chat|server]: {D}",
    "I [made|set up|started] a {P} [group|chat|server] for [us|the team|{club}]: {D}",
    "[Let's move|Let's talk|We can talk] [here|over here] instead: {D}",
    "[Hop on|Come to|Get on] my {P} {when}: {D}",
    "The [team|section|crew] [chat|group text] is on {P} now, {D}",
    "{D} [see you there|join before {day}|]",
    "[Scan or tap|Tap|Open] this to [get into|join] the [group|chat]: {D}",
    "[Only for us|Just the captains|No parents]: {D}",
]
INVITE["sender es"] = [
    "[Únete|Entra] a mi grupo de {P}: {D}",
    "Hice un grupo para [el equipo|nosotros]: {D}",
]
INVITE["organisation"] = [
    "{org} runs a public {P} [server|channel] for [fans|members]: {D}",
    "The [game studio's|publisher's|league's] official {P} is {D}.",
    "[Support|Help] for the software is on the vendor's {P}, {D}",
    "{org} [invites|asks] contestants to its {P}: {D}",
]

# ---- addresses and money -------------------------------------------------------------------------------------------------------------------------

STREET = {}
STREET["sender"] = [
    "[Come over|Come by|Drop by] [after {event}|{when}], [I live at|I'm at|my house is] {D}.",
    "[My address is|My home address is|My new place is] {D}.",
    "[We|I] live at {D}[, the blue door|, ring twice|].",
    "[The cookout|The party|The sleepover|Practice] is at my [house|place|home], {D}.",
    "[Mail|Send|Bring] [the card|your book|the tent] to [my house|me at home]: {D}",
    "[Pick-up|Drop-off] is at my [apartment|place], {D}, [at {hour}|{when}].",
    "You can [leave|get] [it|the costume|the instrument] at my house ({D}).",
    "I moved to {D}, [stop by|visit|come see the garden].",
]
STREET["sender es"] = [
    "[Vivo en|Mi casa es|Mi dirección es] {D}.",
    "[Ven|Vengan] a mi casa, {D}, [el {day}|a las 6].",
]
STREET["other"] = [
    "[The party|Practice|Study group] is at my {kin}'s [house|place], {D}.",
    "{given}'s [house|home|family lives at] {D}.",
    "My {kin} lives at {D}.",
    "{his_cap} home address is {D}.",
]
STREET["organisation"] = [
    "{org}, {D}",
    "[The bus leaves from|We meet at|Parking for] {org} is at {D}.",
    "{org} is [located|] at {D}, [open daily|wheelchair accessible|next to the station].",
    "[Mail|Send] the application to {org}, {D}.",
    "The [meet|game|concert] is at {D}, [doors at {hour}|warm-up at {hour}].",
    "[Drop|Leave] donations at {org}, {D}.",
    "{official} has an office at {D}.",
    "In {year} the mill stood at {D}; the archive has a photograph.",
    "I will [meet you|wait] at {org}, {D}.",
    "You [park|enter] behind {org} ({D}), my bus comes at {hour}.",
]
PAYMENT = {}
PAYMENT["sender"] = [
    "[Pay|Send] me [back|the $12|the money] on {P}: {D}",
    "My {P} is {D}.",
    "[You can|Please] {P} me [at|] {D} [for the shirt|for the snacks|by {day}].",
    "{P} {D} [works|is fine|, write your name in the note].",
]
PAYMENT["other"] = [
    "[Pay|Send it to] my {kin} on {P}, {D}.",
    "{given} [collects|paid ahead]; {his} {P} is {D}.",
]
PAYMENT["organisation"] = [
    "[The boosters|The PTA|The club] [take|takes] {P} at {D}.",
    "Donate to {org} on {P}: {D}",
    "{org} accepts {P} ({D}) [at the door|for tickets].",
    "Our [boosters'|fund's] official {P} is {D}.",
]

# ---- no detail, but a request --------------------------------------------------------------------------------------------------------------------

SOLICIT = {
    "ask-number": ["[What is|What's|whats] your [cell|cell number|number|phone number]?", "[Can|Could|May] I [get|have|ask for] your [number|cell number|phone number]?",
                   "[Send|Give|Text] me your [number|cell|digits] [so I can reach you|please|].", "[What's|Is there] a number [I can text you at|where I can reach you]?",
                   "[Do you have|Have you got] a cell I could [text|call] {when}?", "[We should|Let's] [swap|trade|exchange] numbers [before {event}|]."],
    "ask-handle": ["[What's|whats] your [snap|insta|Instagram|Discord]?", "[Are you|r u] on [Snapchat|Instagram|TikTok|Discord]?", "[Do you have|Do you use] [Snap|WhatsApp|Discord|Kik]?",
                   "[How do I|How can I|Where can I] find you on [Instagram|Discord|Snapchat]?", "[Can|May] I add you on [Snapchat|Insta|Facebook]?",
                   "Tell me your [Instagram|Snapchat|Discord] [name|handle|username]."],
    "move-text": ["[Just|You can|Please] text me [when you are home|tonight|{when}].", "[Can I|May I|Could I] text you [about it|{when}|the answer]?",
                  "[Shoot|Send] me a text [{when}|when you decide].", "It's [easier|faster|better] [by text|over text|to text].", "[Let's|We can|We could] [just text|text] [about it|instead].",
                  "I'll text you [{when}|the address|after {event}]."],
    "move-app": ["[Let's|We could|Can we] [move|take|continue] this [on|to] [WhatsApp|Snapchat|Discord|Telegram].", "[Add|Message|Find] me on [Snapchat|Instagram|Discord|WhatsApp] {when}.",
                 "[I'll|I will] [message|add|DM] you on [Instagram|Snapchat|Discord].", "[Talk|Chat] to me on [Discord|Snap|Telegram] [instead|from now on].",
                 "[Let's|We should] [talk|chat] on [WhatsApp|Signal|Discord] [instead|{when}].", "My [DMs|Insta DMs|Instagram DMs] are always open."],
    "move-private": ["[Don't|Please don't] use [school email|your school account|the school email] [for this|].", "[Write|Reply|Answer] [to me|] from your [personal|private|own] [email|account] [please|next time|].",
                     "[Can|Could] we talk [privately|outside of school email]?", "[Message|Text|Contact] me privately [about this|].",
                     "School email is [monitored|read by the district], so [text me|message me somewhere else].", "[Let's|We should] take this off school email."],
}
SOLICIT_ES = {
    "ask-number": ["¿[Cuál es|Me das|Me pasas] tu [número|celular|número de celular]?", "[Pásame|Mándame|Dame] tu [número|celular|teléfono]."],
    "ask-handle": ["¿[Tienes|Usas] [WhatsApp|Instagram|Snapchat]?", "¿Cuál es tu [Instagram|insta|Snapchat]?"],
    "move-app": ["[Mejor|] [hablamos|hablemos] por [WhatsApp|Instagram|Telegram].", "[Agrégame|Búscame] en [Instagram|Snapchat|Facebook]."],
}

KIN_ES = ["esposa", "esposo", "hermana", "hermano", "mamá", "papá", "amiga", "amigo", "tía", "vecino"]
