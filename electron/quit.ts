// Quitting: asks when AI clients would lose their tools, then stops what the shell started, and only that.

interface Leaving {
  /** The hub is a child of ours. */
  isOurs(): boolean
  /** AI clients connected now; null when the hub does not answer. */
  clients(): Promise<number | null>
  /** The answer to the question: true quits. */
  ask(question: {
    message: string
    detail: string
    buttons: string[]
    cancelId: number
    defaultId: number
  }): Promise<boolean>
  stop(): Promise<void>
  exit(): void
}

/** Called for each wish to quit; a second one while the first is asked or carried out changes nothing. */
export function quitter(leaving: Leaving): () => Promise<void> {
  let running = false
  return async () => {
    if (running) return
    running = true
    try {
      const clients = leaving.isOurs() ? ((await leaving.clients()) ?? 0) : 0
      if (clients > 0 && !(await leaving.ask(question(clients)))) return
      await leaving.stop()
      leaving.exit()
    } finally {
      running = false
    }
  }
}

function question(clients: number): Parameters<Leaving['ask']>[0] {
  return {
    message: clients === 1 ? '1 client is connected.' : `${clients} clients are connected.`,
    detail: `${clients === 1 ? 'It loses its' : 'They lose their'} tools when Gatehouse stops.`,
    buttons: ['Keep running in the tray', 'Quit'],
    cancelId: 0,
    defaultId: 0,
  }
}
