/**
 * The shapes that the page is told: the view of a notebook, as the notebook worker makes it.
 * Times are milliseconds since 1970.
 *
 * @typedef {{actor: string, ts: number}} Mark
 *
 * @typedef {"code" | "markdown" | "raw"} CellType
 * @typedef {"queued" | "assigned" | "running" | "ok" | "error" | "aborted" | "cancelled" | "lost"} Status
 *
 * @typedef {object} Output
 * @property {"stream" | "display_data" | "execute_result" | "error"} type
 * @property {string} [name]
 * @property {string} [text]
 * @property {Record<string, any>} [data]
 * @property {Record<string, any>} [metadata]
 * @property {string} [ename]
 * @property {string} [evalue]
 * @property {string[]} [traceback]
 *
 * @typedef {{id: string, prompt: string, password: boolean}} Prompt
 *
 * @typedef {object} Execution
 * @property {string} id
 * @property {Status} status
 * @property {number | null} count
 * @property {string | null} [runtime]
 * @property {Mark} requested
 * @property {number | null} started
 * @property {number | null} completed
 * @property {string | null} [reason]
 * @property {boolean} [stale] the source changed after this run was asked for
 * @property {number | null} [position] place in the queue, from 0
 * @property {string | null} [after] the cell that runs before it
 * @property {Prompt | null} [prompt]
 * @property {Output[]} outputs
 * @property {boolean} [isAsked] only drawn by the page so far
 *
 * @typedef {object} Cell
 * @property {string} id
 * @property {CellType} type
 * @property {string} source
 * @property {Mark | null} created
 * @property {Mark | null} edited
 * @property {Record<string, any>} metadata
 * @property {Record<string, any>} [attachments]
 * @property {Execution | null} execution
 *
 * @typedef {object} Actor
 * @property {string} name
 * @property {"person" | "agent" | "runtime"} kind
 * @property {boolean} [me]
 * @property {string} hue
 * @property {string} initials
 *
 * @typedef {object} Runtime
 * @property {string} session
 * @property {string} name
 * @property {string} kind
 * @property {"none" | "starting" | "ready" | "busy" | "unreachable" | "unknown" | "stopped" | "lost"} status
 *   unknown: this page has no way to it
 * @property {number | null} [gone] since when it is unreachable
 * @property {"" | "stop" | "restart"} [asked] what it is to do
 * @property {boolean} [selected]
 * @property {boolean} [here] it is this page's own
 * @property {string | null} [actor]
 * @property {string | null} [owner] the actor whose page it is of
 * @property {string | null} [running] the execution that runs now
 * @property {number | null} [count]
 * @property {number} [queue]
 * @property {number | null} [since]
 * @property {Record<string, any>} [language]
 * @property {string | null} [reason]
 *
 * @typedef {{path: string, size: number, mime: string, digest: string}} File
 *
 * Somebody who has the notebook open now; places are in code points of the cell's source.
 * @typedef {object} Person
 * @property {string} session
 * @property {string} actor
 * @property {boolean} you on this or another screen of yours
 * @property {string | null} cell
 * @property {number} anchor
 * @property {number} head
 * @property {"edit" | "select" | "away"} mode
 * @property {boolean} [idle]
 *
 * @typedef {"view" | "comment" | "edit" | "run" | "own" | "runtime"} Role
 * @typedef {{id: string, role: Role, fragment: string | null, created?: number, used?: number, revoked?: boolean}} ShareLink
 *
 * @typedef {object} ShareState
 * @property {"local" | "connecting" | "live" | "offline" | "ended"} status local: not shared
 * @property {string | null} relay its address
 * @property {Role} role
 * @property {string | null} message why it ended or is not connected
 * @property {number} waiting own events that are not at the relay yet
 * @property {ShareLink[]} links only owners have them
 * @property {{actor: string, role: Role, removed?: boolean}[]} people
 *
 * @typedef {object} View
 * @property {number} seq
 * @property {number} pending rows that are not in the log yet
 * @property {{reason: string, aside: number, outdated: boolean} | null} readonly
 * @property {{role: Role, edit: boolean, run: boolean, comment: boolean}} [rights] all where it is not there
 * @property {{id: string, name: string, metadata: Record<string, any>}} notebook
 * @property {string[]} order
 * @property {Record<string, Cell>} cells
 * @property {Record<string, Actor>} actors
 * @property {Runtime | null} runtime the selected one, or the last there was
 * @property {Runtime[]} [runtimes] those that have not ended
 * @property {File[]} files
 * @property {{events: number, strip: Array<[number, string, number]>}} log
 * @property {{undo: string | null, redo: string | null}} undo
 *
 * @typedef {Array<any>} Op ["set" | "del" | "append" | "push" | "text" | "source", …]
 * @typedef {{do: string} & Record<string, any>} Command
 *
 * What the link to the notebook worker says about itself.
 * @typedef {object} LinkStatus
 * @property {"loading" | "opening" | "ready" | "readonly" | "failed"} stage
 * @property {string} [title] what failed, where it is not Python
 * @property {string} [message]
 * @property {number} [done] bytes
 * @property {number} [total] bytes
 *
 * @typedef {{events: number, unsaved: number, failed?: string}} Saved
 */

export {};
