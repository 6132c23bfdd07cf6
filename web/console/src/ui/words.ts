/** Every word that the screens say, in one place, ready to be translated. */

import type { Remembered, Review, Risk, Sent } from "../model.js";
import type { Reach } from "./desk.js";

export const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

export const words = {
  product: "Countersign",
  skip: "Skip to the content",
  nav: { label: "Main", inbox: "Inbox", history: "History", pairings: "Pairings", verify: "Verify", settings: "Settings", freeze: "Freeze" },
  loading: "Loading…",
  /** Where a part of the page that is loaded when it is opened did not arrive whole. */
  notLoaded: "This part of the page could not be loaded, or is not the one that belongs to it. Reload the page; without a connection, once there is one.",
  back: "Back",
  cancel: "Cancel",
  close: "Close this notice",
  justNow: "What was just done",

  risk: {
    low: "Low risk", medium: "Medium risk", high: "High risk", critical: "Critical", unknown: "Unknown risk",
  } satisfies Record<Risk | "unknown", string>,
  reach: { live: "Live", connecting: "Connecting", offline: "Offline", unknown: "Not known there", refused: "Refused" } satisfies Record<Reach, string>,
  offline: (names: string) =>
    `Not connected to ${names}: what you answer is kept here and sent when the connection is back.`,
  sentence: (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`,
  troubled: (name: string, why: string) => `${name}: ${why}.`,

  left: (seconds: number) => {
    if (seconds <= 0) return "time is over";
    if (seconds < 60) return `${seconds} s left`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min left`;
    if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h left`;
    return `${Math.floor(seconds / 86400)} days left`;
  },

  inbox: {
    title: "Inbox",
    empty: "Nothing waits for you.",
    emptyMore: "Requests appear here by themselves, as soon as an agent asks for something that needs you.",
    unseen: "It is not known what waits for you.",
    unseenMore: (names: string) => `What waits at ${names} cannot be seen now.`,
    noPairings: "This device answers nobody yet.",
    noPairingsMore: "Pair it with an enforcer: run “countersign pair” beside the agent, and open its link here.",
    pair: "Pair this device",
    count: (count: number) => `${plural(count, "request")} ${count === 1 ? "waits" : "wait"}`,
    noGroup: "Other",
    noWorkspace: "No workspace named",
    more: (count: number) => `… ${plural(count, "more character")}; open it to read it whole`,
    warned: (count: number) => plural(count, "thing to look at", "things to look at"),
    closed: "Could not be opened",
    answered: "Answered lately",
    denied: (times: number) => (times === 1 ? "You said no to this before" : `You said no to this ${times} times`),
    everything: "Everything you answered",
    kept: (what: string) => `${what}, not sent yet`,
    filter: "Filter what waits",
    none: "Nothing that waits matches.",
    choose: "Choose a request to read it.",
    arrived: (count: number) => `${plural(count, "new request")} arrived`,
  },

  review: {
    gone: "This request no longer waits.",
    goneMore: "It was answered, withdrawn, or its time is over. The history has what this device saw of it.",
    next: "Next request",
    look: "Look at this first",
    denied: (times: number) =>
      `You said no to this very call ${times === 1 ? "before" : `${times} times`}; it is asked again. A yes takes a press that is held.`,
    action: "What exactly",
    line: "In one line",
    agent: "The agent says (nobody checked this)",
    asked: "Who asks",
    terms: "On which terms",
    granted: "What you grant, beside this one run",
    signed: "Signed over",
    request: "request", at: "asked at", before: "answer before", artifact: "artifact", actionHash: "action",
    secret: "secret",
    raw: "Every part, as it is signed",
    parts: (count: number) => plural(count, "part"),
    rendering: (done: number, all: number) => `${done} of ${all} are on the page…`,
    goesOn: "goes on",
  },

  gone: {
    said: { allow: "You approved this.", part: "You approved a part of this.", deny: "You denied this.", escalate: "You handed this on." } satisfies Record<
      NonNullable<Remembered["answer"]>["say"], string>,
    sent: {
      waits: "Your answer is kept here and is sent when the connection is back.",
      taken: "Your answer arrived at the gateway.",
      "too-late": "Your answer came too late: the time was over, and it counts for nothing.",
      refused: "Your answer was not accepted, and counts for nothing.",
    } satisfies Record<Sent, string>,
    allowed: "The enforcer checks it and goes on. What came of it stands in the receipt there.",
    denied: "The enforcer refuses the call, and the agent reads your reason.",
    unanswered: "It waits for no answer any more. The history has what this device saw of it.",
    history: "To the history",
  },

  familiar: {
    title: "What this device remembers",
    hint: "A help from this device’s own history. It is not part of the request, and nothing of it is signed.",
    first: "The first time in this device’s history that this enforcer asks for",
    never: (count: number) => `Asked ${count === 1 ? "once" : `${count} times`} before, and never approved here:`,
    same: (at: string) => `The same as what was approved here last (${at}):`,
    differs: (count: number, at: string) => `${plural(count, "part differs", "parts differ")} from what was approved here last (${at}):`,
    before: "then", now: "now", absent: "nothing",
    lines: (before: number, now: number) => `other text: ${plural(before, "line")} then, ${now} now; it stands below, whole`,
    more: (count: number) => `and ${plural(count, "more part differs", "more parts differ")}; all of it stands below`,
  },

  shell: {
    title: "The shell line, taken apart",
    hint: "A reading aid: the whole line above is what runs.",
    wrapper: (name: string) => `${name} starts another program`,
    then: { "&&": "and, where that worked", "||": "or, where that failed", ";": "and then", "|": "which reads its output",
      "|&": "which reads its output and errors", "&": "and at the same time", "\n": "and then" } as Record<string, string>,
    substitution: "runs a command inside",
    redirect: "reads or writes files",
  },

  diff: {
    title: "Changes",
    file: (added: number, removed: number) => `${plural(added, "line")} added, ${removed} removed`,
    files: (count: number) => plural(count, "file"),
    openAll: "Open all", closeAll: "Fold all",
    added: "added", removed: "removed",
    head: "Before the first file",
    unread: "not read yet",
  },

  tree: { title: "Arguments", tree: "Tree", raw: "Raw", hidden: "hidden from you" },
  plan: { title: "Steps", none: "No steps." },
  batch: {
    title: "Answer each",
    item: (n: number) => `Item ${n}`,
    yes: "Yes", no: "No",
    all: "All yes", none: "All no",
    chosen: (yes: number, all: number) => `${yes} of ${all} yes`,
  },

  decide: {
    title: "Your answer",
    approve: "Approve", deny: "Deny", escalate: "Ask somebody else",
    part: (yes: number, all: number) => `Approve ${yes} of ${all}`,
    hold: "Hold to approve",
    holdPart: (yes: number, all: number) => `Hold to approve ${yes} of ${all}`,
    holdHint: "Press and hold for a moment; the space bar works as well.",
    holding: "Keep holding…",
    again: "Press once more to approve, after a moment.",
    letGo: "Let go too early: nothing was answered.",
    unread: (count: number) => `${plural(count, "part")} to open before you can approve`,
    digits: "The four digits that the agent’s side shows",
    digitsMissing: "Type the four digits that the agent’s side shows",
    go: "Show where",
    digitsHint: "Run “countersign status” on the agent’s machine: it shows them as long as the call waits. A terminal or an agent that waits for it may show them too.",
    digitsWrong: "These are not its digits. Compare with the waiting call: is it the same one?",
    reason: "Reason",
    reasonRequired: "Reason (this rule wants one for a yes)",
    reasonHint: "Signed with your answer. The agent reads it.",
    reasonMissing: "Write a reason to approve.",
    scope: "How far it reaches",
    scopes: { once: "This one run", timebox: "Again until it ends", session: "In this session" } as Record<string, string>,
    uses: (most: number) => `at most ${plural(most, "use")}`,
    always: "Also allow this exact call again, without asking",
    alwaysUntil: "For",
    alwaysCount: "How often, at most",
    alwaysAny: "no limit until then",
    more: "More",
    to: "Whom to ask",
    next: "whoever is next",
    over: "Its time is over: it can no longer be answered.",
  },

  pending: {
    allow: "Approving", part: "Approving a part", deny: "Denying", escalate: "Handing on",
    in: (seconds: number) => `in ${seconds} s`,
    takeBack: "Take it back",
    tookBack: "Taken back. Nothing was signed.",
    sending: "Signing and sending…",
  },

  sent: {
    waits: "kept here, sent when the connection is back",
    taken: "arrived at the gateway",
    "too-late": "too late: its time was over",
    refused: "not accepted",
  } satisfies Record<Sent, string>,
  said: { allow: "Approved", part: "Approved a part", deny: "Denied", escalate: "Handed on" } satisfies Record<
    NonNullable<Remembered["answer"]>["say"], string>,
  ended: {
    expired: "Expired unanswered", withdrawn: "Withdrawn by the enforcer", "answered-by-others": "Answered by others",
  } satisfies Record<NonNullable<Remembered["ended"]>, string>,
  seen: "Seen, not answered",

  history: {
    title: "History",
    hint: "What this device opened and answered. It is kept on this device only, without disclosed secrets.",
    search: "Search the history",
    show: "Show",
    kinds: { all: "Everything", allow: "Approved", deny: "Denied", escalate: "Handed on", ended: "Not answered" },
    json: "Export JSON", csv: "Export CSV",
    clear: "Clear all…",
    clearSure: "Forget everything that this device remembers of requests? Receipts at the enforcers stay.",
    clearYes: "Forget everything",
    cleared: "The history is empty now.",
    empty: "Nothing yet.",
    none: "Nothing matches.",
    more: (count: number) => `Show ${count} more`,
    days: { today: "Today", yesterday: "Yesterday" },
    of: (shown: number, all: number) => `${shown} of ${plural(all, "entry", "entries")}`,
  },

  pairings: {
    title: "Pairings",
    none: "No pairings yet.",
    add: "Pair with an enforcer",
    name: "Name", group: "Group",
    save: "Save", saved: "Saved.",
    fingerprint: "Fingerprint of the enforcer",
    gateway: "Gateway", made: "Paired", device: "This device’s key",
    ended: (at: string) => `Ended ${at}`,
    revoke: "End this pairing…",
    revokeSure: (name: string) => `End the pairing with ${name}? Its keys on this device are destroyed; pairing again makes new ones.`,
    revokeYes: "End it",
    revoked: (name: string) => `The pairing with ${name} is over.`,
    details: "Keys and names",
    retry: "Try again",
  },

  pair: {
    title: "Pair this device",
    how: "Run “countersign pair” beside the agent. Open its link on this device, or type its code here.",
    howHere: (gateway: string) =>
      `This page comes from this machine, so its keys count as a device’s. Beside the agent, run “countersign pair --name NAME --relay ${gateway} --assurance device”, and give its link or code here.`,
    invitation: "Link or code",
    gateway: "Gateway’s address",
    gatewayHint: "Only for a code. A link names it.",
    go: "Continue",
    empty: "Enter the link or the code.",
    compare: "Compare six digits",
    compareHow: "The other screen shows six digits. Are they these, all six?",
    same: "They are the same", differ: "They differ",
    noCompare: "The link carried a secret, so there is nothing to compare.",
    label: "Give this enforcer a name",
    labelHow: "The enforcer is the agent’s machine, on which calls wait for you. Name and group are yours alone, stay on this device, and can be changed later.",
    name: "Name of the enforcer", nameHint: "How its requests are marked here, such as “build server” or “laptop”. Nobody else gave it this name: change it as you like.",
    /** What stands there at first; `here` where the gateway is on this very machine. */
    suggested: (here: boolean, n: number) => `${here ? "this machine" : "enforcer"}${n === 1 ? "" : ` ${n}`}`,
    group: "Group", groupHint: "Optional. Requests of one group stand under one heading in the inbox, such as “Work” or “Home”.",
    nameMissing: "Give it a name.",
    nameTaken: (name: string) => `A pairing here is called “${name}” already. Choose another name: the link or code is still good.`,
    kept: "Nothing was paired. The link is still here: try again, or use another one.",
    waiting: "Waiting for the other side to say the same…",
    done: (name: string) => `Paired with ${name}.`,
    toInbox: "To the inbox",
    refused: "Nothing was paired. Somebody may stand between the two devices: make a new code and try again.",
  },

  settings: {
    title: "Settings",
    theme: "Appearance",
    themes: { system: "As the device", light: "Light", dark: "Dark" },
    about: "About",
    aboutText: "Keys are made on this device and cannot be copied from it. What you answer is signed here.",
    verify: "Check a receipt or a bundle",
    freeze: "Freeze everything",
  },

  freeze: {
    title: "Freeze everything",
    how: "Stops everything at once at the enforcers below, also what is approved and not yet run. To let actions run again, somebody has to approve a thaw.",
    whom: "Where",
    why: "Why (optional)",
    go: (count: number) => `Freeze ${plural(count, "enforcer")} now`,
    none: "Choose at least one.",
    done: (name: string) => `${name}: the stop is on its way.`,
    failed: (name: string, why: string) => `${name}: ${why}`,
    working: "Sending the stop…",
  },

  passkey: {
    title: (count: number) => (count === 0 ? "Passkeys" : `Passkeys (${count})`),
    why: "With a passkey, this device asks who you are (a finger, a face, a PIN) for each yes, and the enforcer can tell.",
    counts: "The enforcer pins one passkey for this device, the last one that you carry there: use that one here. A passkey that is removed here stays pinned until “countersign trust set NAME --no-passkey” is run beside the agent, and stays in your browser’s or phone’s own list of passkeys.",
    named: "No passkey can be used here: that takes a browser which has them, and a page with a name (at home http://localhost and no 127.0.0.1) at which it was paired.",
    on: (name: string) => `Passkey of ${name}`,
    made: (at: string) => `Made ${at}`,
    used: "Used for each yes",
    use: "Use this one",
    nowUsed: "That passkey is used for each yes from now on.",
    add: "Add a passkey",
    again: "Add another passkey",
    carry: "Run this beside the agent; it is no secret, and good for a day",
    name: "NAME is what “countersign list” calls this device there. Whoever may admit approvers is asked to allow it.",
    then: "Where another one is pinned already, allow it with that one, and choose the new one here only then.",
    copy: "Copy",
    copied: "Copied.",
    forget: "Remove",
    forgotten: "This device uses that passkey for this pairing no more.",
    offer: "Add a passkey now, or later under Pairings.",
  },

  broken: {
    because: (why: string) => `Countersign cannot work in this browser: ${why}`,
    insecure: "this address is not secure. Open it over https, or on the machine itself at 127.0.0.1.",
  },
  lost: "This browser has thrown away what was kept here, keys and all: pair this device again. Who runs the enforcers should revoke its old keys.",

  trouble: (what: string) => `That did not work: ${what}`,
} as const;

/** The word for a risk; none stands for a request without a route. */
export function riskWord(risk: Review["risk"]): string {
  return words.risk[risk ?? "unknown"];
}

/** What became of a request, in a few words. */
export function outcome({ answer, ended }: Remembered): string {
  if (answer !== undefined) return `${words.said[answer.say]} — ${words.sent[answer.sent]}`;
  return ended === undefined ? words.seen : words.ended[ended];
}
