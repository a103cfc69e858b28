// What packages for Node.js find in texts: reads {"id", "text"} a line, writes {"id", "found": {package: [[kind, value]]}} a line and the time of each at the end.
// Run by peers.py in the directory where npm installed them.
const readline = require("readline");
const from = (name) => require(require.resolve(name, { paths: [process.cwd()] }));

const { findPhoneNumbersInText } = from("libphonenumber-js/max");
const linkify = from("linkifyjs");
const { SyncRedactor } = from("redact-pii");
const sequence = from("@microsoft/recognizers-text-sequence");

const off = { enabled: false };
const TOKENS = { PHONE_NUMBER: "phone", EMAIL_ADDRESS: "email", STREET_ADDRESS: "street-address" };
const redactor = new SyncRedactor({
    builtInRedactors: {
        names: off, creditCardNumber: off, zipcode: off, ipAddress: off, usSocialSecurityNumber: off, username: off, password: off, credentials: off, digits: off, url: off,
    },
});

// redact-pii tells only the text without what it found: the literals between its tokens are looked for in the original, in their order.
function redacted(text) {
    const parts = redactor.redact(text).split(/(PHONE_NUMBER|EMAIL_ADDRESS|STREET_ADDRESS)/);
    const found = [];
    let at = parts[0].length;
    for (let i = 1; i < parts.length; i += 2) {
        const next = parts[i + 1];
        const stop = next === "" ? (i + 2 >= parts.length ? text.length : at) : text.indexOf(next, at);
        if (stop < 0)
            break;
        found.push([TOKENS[parts[i]], text.slice(at, stop)]);
        at = stop + next.length;
    }
    return found;
}

function sequences(text) {
    const read = (kind, recognize) => recognize(text, "en-us").map((r) => [kind, r.text]);
    return [...read("phone", sequence.recognizePhoneNumber), ...read("email", sequence.recognizeEmail), ...read("link", sequence.recognizeURL),
            ...read("handle", sequence.recognizeMention)];
}

const PEERS = {
    "libphonenumber-js": (text) => findPhoneNumbersInText(text, "US").map((r) => ["phone", r.number.number]),
    "linkifyjs": (text) => linkify.find(text).map((r) => [r.type === "email" ? "email" : "link", r.value]),
    "redact-pii": redacted,
    "recognizers-text": sequences,
};

const spent = {};
readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const { id, text } = JSON.parse(line);
    const found = {};
    for (const [name, find] of Object.entries(PEERS)) {
        const start = process.hrtime.bigint();
        found[name] = find(text);
        spent[name] = (spent[name] || 0) + Number(process.hrtime.bigint() - start) / 1e9;
    }
    console.log(JSON.stringify({ id, found }));
}).on("close", () => console.log(JSON.stringify({ spent })));
