/** The share dialog: what it is before anybody shares, links by what they allow, who is here. */

import { openDialog } from "./dialogs.js";
import { attr, fill, h } from "./dom.js";
import { messageOf } from "./files.js";
import { icon } from "./icons.js";
import { readRelay } from "./reach.js";
import { drawLinks } from "./share_links.js";
import { drawPeople } from "./share_people.js";
import { plural, sentence } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./types.js").Role} Role */

const FIRST_ROLES = /** @type {Role[]} */ (["edit", "view", "comment", "run", "runtime"]);

/** @param {Page} page */
export function openShare(page) {
  if (!document.querySelector("dialog[open]")) new ShareDialog(page);
}

export class ShareDialog {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** What the link that is looked at allows. @type {Role} */
    this.role = this._firstRole();
    /** What is to be confirmed in its place: "link" or an actor. */
    this.asked = "";
    /** What goes on; no other thing can be begun meanwhile. */
    this.busy = "";
    this.notes = h("div", { class: "share-note", role: "status" });
    this.wrong = h("p", { class: "share-wrong", role: "alert", hidden: true });
    this.start = h("form", { class: "share-start", onsubmit: (/** @type {Event} */ event) => this._create(event) });
    this.links = h("div", { class: "share-links" });
    this.sealed = sealedWords();
    this.people = h("section", { class: "share-people", "aria-labelledby": "share-here" });
    this.button = h("button", { class: "btn pri", type: "submit", "data-name": "main" }, "Share this notebook");
    this._drawStart();
    const draw = () => this.draw();
    const { element } = openDialog({
      title: `Share “${page.model.view.notebook.name || "Untitled"}”`,
      class: "share",
      body: [this.notes, this.start, this.links, this.wrong, this.sealed, this.people],
      onClose: () => page.sharing.watchers.delete(draw),
    });
    this.element = element;
    element.addEventListener("cancel", (event) => this._escaped(event));
    page.sharing.watchers.add(draw);
    this.draw();
    this._focusFirst();
    if (page.texts.isAttached) page.sharing.ask({ do: "state" }).catch((error) => this.fail(error));
  }

  get state() {
    return this.page.sharing.state;
  }

  /** Esc answers a question before it closes the dialog. @param {Event} event */
  _escaped(event) {
    if (!this.asked) return;
    event.preventDefault();
    this.asked = "";
    this.draw();
  }

  /** Only owners make links and remove people. */
  get owns() {
    return this.state.role === "own" && this.page.sharing.isShared;
  }

  /** @returns {Role} one that there is a link for, or else the usual one */
  _firstRole() {
    const links = this.state.links.filter(({ revoked }) => !revoked);
    return FIRST_ROLES.find((role) => links.some((link) => link.role === role)) ?? "edit";
  }

  draw() {
    const { isShared } = this.page.sharing;
    const hadStart = this.start.contains(document.activeElement);
    this.start.hidden = isShared;
    this.links.hidden = !isShared;
    this.people.hidden = !isShared;
    fill(this.notes, this._noteWords());
    this.notes.hidden = !this.notes.textContent;
    // Not disabled: that would take the focus from it.
    attr(this.button, "aria-disabled", this.busy !== "" || !this.page.texts.isAttached ? "true" : null);
    this.button.textContent = this.busy === "create" ? "Sharing" : "Share this notebook";
    if (isShared) {
      drawLinks(this, this.links);
      drawPeople(this, this.people);
    }
    if (hadStart && isShared) this._focusFirst();
  }

  /** How it stands, where that is not as it should be. */
  _noteWords() {
    const { status, message, waiting } = this.state;
    const why = message ? ` ${sentence(message)}` : "";
    if (!this.page.texts.isAttached) return "Python is being prepared. Sharing can begin when it is there.";
    if (this.busy === "create") return `The notebook goes to the relay, sealed.${waiting ? ` ${plural(waiting, "event")} to go.` : ""}`;
    if (status === "offline") return `Not connected.${why} Changes are saved here and sent later.`;
    if (status === "connecting") return "Connecting to the relay.";
    if (status === "ended") return `Sharing has ended.${why} What is here stays in this browser.`;
    return "";
  }

  /** Begin on the safe main action. */
  _focusFirst() {
    const wanted = this.page.sharing.isShared ? "[data-name=main]" : "input, [data-name=main]";
    const found = [...this.element.querySelectorAll(wanted), ...this.element.querySelectorAll("button:not(:disabled)")];
    const first = /** @type {HTMLElement[]} */ (found).find((each) => each.getClientRects().length > 0);
    first?.focus({ preventScroll: true });
  }

  _drawStart() {
    this.relay = h("input", {
      id: "share-relay", inputmode: "url", spellcheck: "false", autocapitalize: "off", autocomplete: "url",
      placeholder: "https://relay.example", "aria-describedby": "share-relay-hint", oninput: () => this._relayChanged(),
    });
    this.token = h("input", { id: "share-token", type: "password", autocomplete: "off", "aria-describedby": "share-token-hint" });
    this.relayHint = h("div", { class: "hint", id: "share-relay-hint" });
    this.tokenField = h(
      "div",
      { class: "field", hidden: true },
      h("label", { for: "share-token" }, "Creation token"),
      h("div", { class: "inp" }, this.token),
      h("div", { class: "hint", id: "share-token-hint" }, "From whoever runs the relay, where it asks for one."),
    );
    fill(
      this.start,
      h("p", null, "People who have a link see this notebook in their browser, and each other's changes as they are made. A relay passes the events on. Until you share, all stays in this browser."),
      h("div", { class: "field" }, h("label", { for: "share-relay" }, "Relay"), h("div", { class: "inp" }, this.relay), this.relayHint),
      this.tokenField,
      h("div", { class: "share-go" }, this.button),
    );
    this._relayChanged();
    if (!this.page.sharing.isShared) this._prefill(this.relay);
  }

  /** The site may name a relay beside its page. @param {HTMLInputElement} field */
  async _prefill(field) {
    const found = await fetch("relay.json").then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
    if (typeof found?.relay !== "string" || field.value) return;
    field.value = found.relay;
    if (field === document.activeElement) field.select(); // what is typed takes its place
    this._relayChanged();
  }

  _relayChanged() {
    const { value } = /** @type {HTMLInputElement} */ (this.relay);
    const { isHere, address, problem } = readRelay(value);
    /** @type {HTMLElement} */ (this.tokenField).hidden = isHere || !address || problem !== "";
    const hint = isHere ? "This relay answers only on this computer: people at other computers cannot use its links." : "It stores and passes on sealed events, and reads none.";
    fill(/** @type {HTMLElement} */ (this.relayHint), value.trim() && problem && address ? problem : hint);
  }

  /** @param {Event} event */
  _create(event) {
    event.preventDefault();
    if (!this.page.texts.isAttached) return undefined;
    const field = /** @type {HTMLInputElement} */ (this.relay);
    const { address, isHere, problem } = readRelay(field.value);
    if (problem) {
      field.focus();
      return this.fail(problem);
    }
    const token = isHere ? null : /** @type {HTMLInputElement} */ (this.token).value.trim() || null;
    return this.act("create", { do: "create", relay: address, token });
  }

  /**
   * Ask the worker for something; what goes wrong is said in its place.
   * @param {string} name of what goes on
   * @param {{do: string} & Record<string, any>} question
   * @returns {Promise<any>}
   */
  async act(name, question) {
    if (this.busy) return undefined;
    this.busy = name;
    this.fail(null);
    this.draw();
    try {
      return await this.page.sharing.ask(question);
    } catch (error) {
      this.fail(error);
      return undefined;
    } finally {
      this.busy = "";
      this.asked = "";
      this.draw();
    }
  }

  /** @param {unknown} error null: nothing is wrong */
  fail(error) {
    const words = error === null ? "" : typeof error === "string" ? error : messageOf(error);
    this.wrong.hidden = words === "";
    this.wrong.textContent = sentence(words);
  }
}

function sealedWords() {
  return h(
    "section",
    { class: "share-sealed" },
    icon("lock"),
    h(
      "p",
      null,
      h("b", null, "End-to-end encrypted."),
      " The key is the part of the link after #; browsers never send it to a server. The relay passes sealed events on and cannot read them. It does see IP addresses, event sizes and times. ",
      h("span", { class: "q" }, "Revoking a link stops new events, not copies people already hold."),
    ),
  );
}
