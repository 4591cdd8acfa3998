// What every refusal over HTTP is: words for whoever called, and nothing of the inside.
import type { Response } from 'express'

export function refuse(res: Response, status: number, message: string, more: Record<string, unknown> = {}): void {
  if (res.headersSent) res.destroy()
  else
    res.status(status).json({ jsonrpc: '2.0', id: null, error: { code: -32_000, message, data: { status, ...more } } })
}
