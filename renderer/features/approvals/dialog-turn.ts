// Whose turn it is in the dialog: one call or question at a time, never swapped under the eyes, the next after a pause.

/** Between one dialog and the next, so that a click meant for one never lands on the other. */
export const PAUSE_MS = 400
/** How long an ended call stays, greyed, with the reason. */
export const STAY_MS = 5000

export type Turn = { kind: 'none'; freeAt: number } | { kind: 'showing'; id: string; endedAt: number | null }

export const NOBODY: Turn = { kind: 'none', freeAt: 0 }

/** A call or a server's question. */
export interface Asked {
  id: string
  askedAt: number
  state: { kind: string }
}

export interface Around {
  asked: readonly Asked[]
  /** Put aside with Esc; they wait in the inbox. */
  aside: ReadonlySet<string>
  /** False on the Approvals page and while the window is in the background. */
  mayOpen: boolean
  now: number
}

const waits = (a: Asked) => a.state.kind === 'waiting'

/** What the dialog becomes. Showing stays showing until its call has ended and was seen to end. */
export function nextTurn(turn: Turn, { asked, aside, mayOpen, now }: Around): Turn {
  if (turn.kind === 'showing') {
    const it = asked.find(a => a.id === turn.id)
    if (aside.has(turn.id)) return { kind: 'none', freeAt: now + PAUSE_MS }
    if (it && waits(it)) return turn
    if (turn.endedAt === null) return { ...turn, endedAt: now }
    return now - turn.endedAt >= STAY_MS ? { kind: 'none', freeAt: now + PAUSE_MS } : turn
  }
  if (!mayOpen || now < turn.freeAt) return turn
  const next = asked.filter(a => waits(a) && !aside.has(a.id)).sort((a, b) => a.askedAt - b.askedAt)[0]
  return next ? { kind: 'showing', id: next.id, endedAt: null } : turn
}
