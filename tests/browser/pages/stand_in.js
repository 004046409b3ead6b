/**
 * Stands in for the notebook worker: one notebook whose view the story gives, and nothing behind
 * it. It answers as the worker would, and keeps what the page said so that a story can look.
 */

const heard = [];
/** @type {any} */
let given = null;
let channel = null;
let v = 0;
let seen = {};

const say = (message) => {
  self.postMessage(message);
  channel?.postMessage(message);
};

self.onmessage = ({ data }) => {
  if (data.t === "boot") {
    channel = new BroadcastChannel(`foldbook:${data.id}`);
    channel.onmessage = (event) => hear(event.data);
    return begin();
  }
  if (data.t === "close") return self.postMessage({ t: "closed" });
  return hear(data);
};

function hear(message) {
  if (!given) return;
  if (message.t === "cmds") {
    for (const each of message.all) hear({ t: "cmd", view: message.view, ...each });
    return;
  }
  heard.push(message);
  const { view, id } = message;
  const result = (value) => say({ t: "result", view, id, ok: true, value });
  if (message.t === "attach") {
    seen[view] = 0;
    say({ t: "view", view, n: message.n, v, ack: 0, stored: 0, json: given.view });
    say({ t: "saved", events: given.view.seq, unsaved: 0 });
  } else if (message.t === "cmd") {
    seen[view] = message.k;
    if (message.command.do === "edit_source") edit(message.command);
    say({ t: "patch", view, v: ++v, ack: message.k, stored: message.k, seq: given.view.seq, ops: [] });
  } else if (message.t === "call" && message.method in (given.calls ?? {})) {
    result(given.calls[message.method]);
  } else if (message.t === "share") {
    const wrong = given.wrong?.[message.do];
    if (wrong) say({ t: "result", view, id, ok: false, message: wrong });
    else result(share(message));
  }
}

function share(message) {
  const { state } = given;
  if (message.do === "create") Object.assign(state, { status: "live", relay: message.relay, role: "own" });
  if (message.do === "link") {
    let link = state.links.find(({ role, revoked }) => role === message.role && !revoked);
    if (!link) state.links.push((link = { id: `l${state.links.length}`, role: message.role, fragment: `join/room${message.role}/${"Qm9va3M_".repeat(8)}`, created: 1, used: 0, revoked: false }));
    return { link, state: structuredClone(state) };
  }
  if (message.do === "revoke") state.links.find(({ id }) => id === message.link).revoked = true;
  if (message.do === "remove") state.people.find(({ actor }) => actor === message.actor).removed = true;
  return structuredClone(state);
}

function edit({ cell_id, changes }) {
  const points = [...given.view.cells[cell_id].source];
  let at = 0;
  let made = "";
  for (const section of changes) {
    const kept = typeof section === "number";
    made += kept ? points.slice(at, at + section).join("") : section[1];
    at += kept ? section : section[0];
  }
  given.view.cells[cell_id].source = made + points.slice(at).join("");
}

/** Somebody else changes something: these operations reach the page. */
self.change = (ops) => {
  for (const view of Object.keys(seen)) say({ t: "patch", view, v: ++v, ack: seen[view], stored: seen[view], seq: given.view.seq, ops });
};
self.say = say;
self.heard = heard;

/** The story gives the view and how sharing stands; until then nobody is here. */
self.give = (what) => {
  given = what;
  begin();
};

function begin() {
  if (!given || !channel) return;
  say({ t: "hello" });
  say({ t: "status", stage: "ready" });
}
