"""Plain English school prose without end: sentences of a small grammar over everyday words, as common as they are in letters."""

NOUNS = """agenda answer area argument art article assembly assignment attendance audience author award background band basket bell bench board book box break
bridge budget building bus cafeteria calendar camera campus captain case category ceremony chair change chapter chart choice choir city class classroom clock
club coach committee community company computer concert conference contest copy corner council country course court cover crew crowd culture cup curriculum
date debate decision department design desk detail device diagram dictionary difference discussion display district document door draft drawing drill driver
education effort election engine entrance equipment error essay evening event evidence exam example exercise exhibit experiment explanation fact faculty
family feedback field figure film final flag flight floor folder food forest form foundation frame friend fund future game garden gate geography goal grade
graph group guest guide gym habit hall hallway health heart help history hour house idea image improvement information instrument interest interview issue
journal judge kitchen lab language law leader league lesson letter level library light list literature locker look lunch machine manager map march market
match material math meal meaning measure medal meeting member memory message method middle milk minute mistake model moment month morning museum music name
nation nature neighbor network newspaper night note notebook notice novel nurse office opinion orchestra order outline page painting paper parent park part
partner party past path pattern peer pencil people performance period person photo piece place plan planet plant platform play player plot poem point policy
pool poster power practice prize problem process program progress project proof property purpose question quiz race radio rain range reader reading reason
record region relation report request research resource rest result review rhythm river road role roof room rope rule sample scale scene schedule school
science score screen script sea season seat section semester sense sentence series service session set shape sheet shelf shirt shop show side sign skill
sky slide snack snow society software soil solution song sound source space speaker speech sport spring stadium staff stage star start state statement
station step stone storm story strategy street structure student study subject substitute success summary summer supper supply support surface survey system
table talent tape target task teacher team technology test text theater theme theory thing ticket time title tool topic tour town track tradition traffic
training tree trip truth tune turn tutor uniform unit vacation value vehicle version view village visit visitor voice volume vote walk wall war water way
weather website week weekend wheel wind window winner winter woman wood word work worker workshop world writer year youth zone""".split()
VERBS = """accept add agree allow announce answer appear apply arrange arrive ask attend bring build call cancel carry celebrate change check choose clean close
collect compare complete confirm consider continue copy correct cover create decide deliver describe discuss divide draw earn edit encourage enjoy enter
examine expect explain explore extend feel fill find finish fix follow gather give grade grow handle hear help hold hope improve include introduce invite
join keep know lead learn leave let listen live look lose make manage mark measure meet mention miss move need notice offer open organize paint pass pay
perform pick place plan play post practice prepare present print produce promise protect prove provide publish pull push put raise reach read receive
record reduce remember remind repeat replace reply report request reserve respond rest return review revise run save schedule see select sell send serve
set share show sign sing sit solve sort speak spend stand start stay stop study submit suggest support take talk teach tell test thank think touch train
travel try turn understand update use visit vote wait walk want warn wash watch wear welcome win wish wonder work worry write""".split()
ADJECTIVES = """able active actual additional annual available average basic beautiful big brief bright busy careful certain clean clear close cold common complete
complex correct creative current daily deep different difficult direct early easy effective entire equal excellent exciting extra fair famous final fine
first flexible formal free fresh friendly full funny general gentle good great green happy hard healthy helpful high honest huge important interesting
international kind large last late little local long loud lucky main major modern musical national natural necessary new next nice normal official old
optional original outdoor overall past perfect personal physical polite popular positive possible practical present proud public quick quiet ready real
recent regular responsible rich right round safe serious short significant similar simple single slow small smart social special spring steady strong sudden
sure sweet tall thick thin tiny total traditional true typical unusual upcoming useful usual various visual warm weekly whole wide wild wonderful wrong young""".split()
ADVERBS = """again almost already always away carefully clearly quickly early else enough especially even ever everywhere finally first generally here however
instead just later mostly nearly never now often once only perhaps probably quietly quite rather really recently simply slowly sometimes soon still then
there today together tomorrow tonight too usually very well yesterday yet""".split()
PLACES = ["in the {N}", "at the {N}", "on the {N}", "near the {A} {N}", "after {N}", "before the {N}", "for the {N}", "with the {Ns}", "from our {N}", "about the {N}", "during the {N}",
          "under the {N}", "by the end of the {N}", "of the {A} {N}", "of {Ns}", "to the {N}", "between {Ns}", "for a {N}", "with a {A} {N}", "in our {N} of {Ns}", "at {h}:{m}", "in room {n}", "on page {n}",
          "to be {A}", "to {V} this {N}", "for your {N}", "of your {Ns}", "on to {Ns}", "and that of {Ns}", "to {V} it", "as a {N}", "on {day}", "", "", ""]
SENTENCES = [
    "The {N} {P} is {A} and the {Ns} are {A}.", "We {V} the {N} {P}, and I {V} that the {Ns} will {V} it {P}.", "Please {V} the {A} {N} {P} so that we can {V} {D}.",
    "I {V} you {V} the {N} {P}.", "There are {A} {Ns} {P}, but the {N} is not {A} {D}.", "If your {N} is {A}, we will {V} {P} and {V} more {Ns}.",
    "Thank you for the {A} {N} {P}; it was {A} to {V} it with the {Ns}.", "Our {N} will {V} {P} {D}.", "As {Ns} {V} your {N}, they {V} what a {A} {N} can be.",
    "When you {V} the {N} {P}, {V} it to the {N}, or {V} the {Ns} {P}.", "You do not need to {V} the {N} {P}.", "It has been a {A} {N} {P}, and the {Ns} {V} their {N} {D}.",
    "They {D} {V} the {N} {P} because the {A} {Ns} {V} it.", "Which {N} would you {V} {P}?", "The {N} on {day} begins at {h}:{m} and ends at {h}:{m}.", "Bring {n} {Ns} and {n} {Ns} to room {n} by {day}.",
    "To {V} a {N} is to {V} what your {Ns} {V} of it.", "This {N} and that {N} are to be {A} for us, and so is your {N}.", "Each {N} should {V} a {A} {N} {P} and one or two {Ns}.", "I have not yet {V}ed the {N}.",
    "What a {N} means {P} is that {Ns} must {V} {D}.", "Some of the {Ns} {P} were {A}, others {A}, and all of them {V} a {N}.", "Let us {V} the {N} {P} before we {V} {D}.",
    "She said that the {N} {P} would {V} the {A} {Ns}.", "He will {V} this {N} {P}, not that one.", "My {N} is to {V} {Ns} {P}, which is {A}.", "No {N} has been {A} {P} since the {N}.",
]


DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "October 12", "Nov. 3", "the 21st", "Saturday", "2/14"]


def plural(noun):
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def filled(rng, text):
    words = {"{N}": lambda: rng.choice(NOUNS), "{Ns}": lambda: plural(rng.choice(NOUNS)), "{V}": lambda: rng.choice(VERBS), "{A}": lambda: rng.choice(ADJECTIVES),
             "{D}": lambda: rng.choice(ADVERBS), "{P}": lambda: filled(rng, rng.choice(PLACES)), "{n}": lambda: str(rng.randrange(2, 320)),
             "{h}": lambda: str(rng.randrange(1, 12)), "{m}": lambda: f"{rng.randrange(0, 60, 5):02d}", "{day}": lambda: rng.choice(DAYS)}
    for name, word in words.items():
        while name in text:
            text = text.replace(name, word(), 1)
    return text.replace("  ", " ").replace(" ,", ",").replace(" .", ".").replace(" ;", ";").replace(" ?", "?")


def sentence(rng):
    return filled(rng, rng.choice(SENTENCES))


def paragraph(rng):
    return " ".join(sentence(rng) for _ in range(rng.randrange(2, 8)))
