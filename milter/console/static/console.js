// Comfort for those who have JavaScript; everything works without it.
"use strict";
(() => {
    // A one-time sign-in comes in the address's fragment, which is never sent; it goes into the field and out of the address.
    const field = document.querySelector("[data-fragment]");
    if (field && location.hash.length > 1) {
        field.value = decodeURIComponent(location.hash.slice(1));
        history.replaceState(null, "", location.pathname);
    }
    // A form goes once: a second click on a slow line would act twice.
    document.addEventListener("submit", (event) => {
        if (event.target.dataset.sent)
            event.preventDefault();
        event.target.dataset.sent = "1";
    });
    window.addEventListener("pageshow", () => {
        for (const form of document.querySelectorAll("form[data-sent]"))
            delete form.dataset.sent;
    });
    // What a redirect said is said once: loading the page again does not repeat it.
    const here = new URL(location.href);
    if (here.searchParams.has("said")) {
        here.searchParams.delete("said");
        history.replaceState(null, "", here.pathname + here.search);
    }
    // What changes by itself (data-refresh) is fetched again while it is on the page, but not from under the focus.
    const refresh = async () => {
        const live = document.querySelector("[data-refresh]");
        if (!live)
            return;
        const answer = await fetch(location.href).catch(() => null);
        const page = answer && answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
        const next = page && page.getElementById(live.id);
        if (next && !live.contains(document.activeElement))
            live.replaceWith(next);
        setTimeout(refresh, 1500);
    };
    setTimeout(refresh, 1500);
    // Single keys: off unless the account has them on. An element with data-key="r" is clicked by r; one with data-key and
    // data-confirm asks for Enter first, by moving the focus to it.
    // In a list whose table has data-rows, j and k go from row to row, and o opens the one they stand on.
    const typing = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";
    const rowKey = (key) => {
        const links = [...document.querySelectorAll("table[data-rows] tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
        const at = links.indexOf(document.activeElement);
        const to = key === "j" ? links[at + 1] : key === "k" ? links[Math.max(at - 1, 0)] : null;
        if (key === "o" && at >= 0)
            links[at].click();
        else if (to)
            to.focus();
        return links.length > 0 && "jko".includes(key);
    };
    const press = (target) => {
        const list = target.closest("select");
        (list ?? target).scrollIntoView({ block: "nearest" });
        if (list) {
            list.value = target.value;
            list.dispatchEvent(new Event("change", { bubbles: true }));
            return;
        }
        target.focus();
        if (!("confirm" in target.dataset))
            target.click();
    };
    if (document.documentElement.dataset.shortcuts === "on")
        document.addEventListener("keydown", (event) => {
            if (event.target.closest(typing) || event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1)
                return;
            const target = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
            if (target)
                press(target);
            if (target || rowKey(event.key))
                event.preventDefault();
        });
})();
