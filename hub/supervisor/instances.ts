// A per-client server's children: one for each link that calls it, told that client's capabilities, ended when the link leaves.

/** For whom a server is woken, where each client has a child of its own. */
export interface InstanceFor {
  /** The link's id. */
  key: string
  client: string
  /** What this client says it can do; the child is told exactly that. */
  capabilities: Record<string, unknown>
  clientInfo: unknown
}
