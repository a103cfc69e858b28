"""What school mail says besides: ordinary sentences, sentences that only look like contact details, and talk about phones and social media."""

ORDINARY = [
    "[Please|Kindly|Remember to] [bring|turn in|finish] {task} [by {day}|before {event}|].", "We [start|meet|leave] at {hour} {when}.", "Thank you for [your patience|the quick answer|the update].",
    "[Great|Good|Solid] work on {task}.", "[The gym|The lab|Room {n}] is [closed|open] {when}.", "I [graded|read|returned] {task} [last night|today|on {day}].",
    "{event_cap} is [moved|confirmed|still on] for {day}.", "You did [well|better] on the quiz than [you think|last time].", "[Wear|Pack] [layers|closed shoes|a hat] for {event}.",
    "[Let me know|Tell me] if the [link|file|picture] does not open.", "The [bus|van] leaves at {hour} sharp.", "[Parents|Families] are welcome at {event}.",
    "We still need [two drivers|a scorekeeper|volunteers] for {event}.", "I will [be out|have a substitute] on {day}.", "[Study|Review] [chapters {n} and {n}|your notes|the vocabulary] for {day}.",
    "[How is|How's] the [project|new schedule|locker] [coming along|going]?", "The museum visit was [fun|short], [wasn't it|thanks for coming].", "[Sorry|Apologies] for the late reply.",
    "Our [boosters|PTA|club officers] meet {when}.", "Your [seat|role|part] for {event} is [attached|on the board].", "I talked with the [counselor|librarian|nurse] about it.",
    "[It was|That was] a [long|good|loud] day.", "The [library|bookstore|cafeteria] has [extra copies|the form].", "[See you|Until] {day}.",
    "I hope you [feel better|had a good break|enjoyed {event}].", "[Your|The] college essay [reads well|needs a new ending].", "{club_cap} [won|placed second|tied] on {day}.",
    "Please [sign|print|keep] the [slip|schedule|map].", "We [ordered|counted] [shirts|copies|instruments] yesterday.", "The [police|fire department] came for the drill, nothing was wrong.",
]
ORDINARY_ES = [
    "[Gracias por|Le agradezco] [su paciencia|la respuesta|avisar].", "[Nos vemos|Los espero] el {day_es}.", "[Recuerde|Recuerden] [traer|firmar] el permiso.",
    "La reunión es a las {n}.", "[Su hijo|Su hija] [trabaja bien|mejoró mucho] en clase.", "El autobús sale [temprano|a tiempo].", "La tarea es para el {day_es}.", "[Perdón|Disculpe] por la demora.",
]
DECOYS = [
    "Your order {o10} has [shipped|arrived|been refunded].", "Tracking number 1Z{o8}{o8} says [delivered|on the truck].", "The ISBN is 978-0-{o3}-{o5}-{d}.",
    "Use account {o8}-{o4} on the invoice.", "[Confirmation|Ticket|Case] #{o7} is open.", "Scores: 413-555, 12-7, [98.6|101.2] and {o4}.", "The answer to {n} is {o3}.{o4}, not {o3}-{o4}.",
    "Meeting ID: {o3} {o3} {o4}, passcode {o6}.", "[Room|Locker] {o4}, combination {d2}-{d2}-{d2}.", "The grant pays ${o3},{o3}.{d2} over [two|three] years.",
    "The coordinates are 42.{o4}, -72.{o4}.", "Server 10.{d2}.{d2}.{d2} is down, use 192.168.1.{d2}.", "Between 2019-{o4} and 2024 enrollment fell {d} percent.",
    "See 42 U.S.C. {o4} and 603 CMR {d2}.{d2}.", "Part no. {o3}-{o3}-{o4}-{d2} is back-ordered.", "The file is img_{o8}_{o6}.jpg.", "Password reset code: {o6}.",
    "Works cited: Vol. {d2}, no. {d}, pp. {o3}-{o3}, doi:10.{o4}/{o6}.", "Serial {o4}-{o4}-{o4} belongs to the projector.", "Student average: {d2}.{d}, {d2}.{d}, {d2}.{d}.",
    "Bell times are 7:45-8:32, 8:36-9:23 and 9:27-10:14.", "The budget lines are {o4}-{o3}-{o4} and {o4}-{o3}-{o2}.", "x = {o3}, y = {o4}, x + y = {o4}.",
    "PO {o6}, item {o3}-{o4}, qty {d2}.", "The commit is {h8}{h8}.", "We raised ${o4} from {o3} families in {d} weeks.", "Barcode {o6}{o6} does not scan.",
    "Flight 1{o3} leaves gate B{d2} at {d2}:{d2}.", "Version 4.{d}.{d2} fixes bug {o5}.", "Population {d},{o3},{o3}; area {o3},{o3} sq mi.",
    "Chapter 12, verses 3-14; page 413.", "Bib {o4} ran 5K in {d2}:{d2}.", "Case No. {d2}-CV-{o5} is on the docket.", "{d} at {d2} each plus tax.",
]
TALK = [
    "[Phones|Cell phones] [must stay|stay] in lockers during [tests|class].", "[Snapchat|TikTok|Instagram] is [blocked|not allowed] on school devices.",
    "Our unit on [social media|digital citizenship] starts {day}: never give your number to a stranger.", "Staff may not [text|message] students from personal accounts.",
    "The signal was weak at the lake.", "There was discord in the council [scene|chapter].", "[Follow|Use] the line on the floor.", "The band plays [steam|train] songs.",
    "Who invented the telephone?", "[Read|Discuss] the article about [Facebook|Twitter] and elections.", "If someone online asks for your address, tell an adult.",
    "The handbook says adults shall not follow students on [Instagram|social media].", "[Graph|Plot] x against y and label the line.", "Reply in Google Classroom, not by text.",
    "[Message|Text] me on Remind if you are late.", "Our phone policy did not change.", "The messenger in the play arrives in [Act 2|scene {d}].", "My phone was stolen on {day}.",
    "Add the [x|y] terms and snap the pieces together.", "She sent him a telegram in {year}.", "[Email|Mail] etiquette is due {day}.", "The address of the palace is fiction.",
    "I don't give out my number, sorry.", "Call the roll at {hour}, please.",
]
