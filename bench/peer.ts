// A raw client of one child: newline JSON both ways and nothing else, so that the same client stands in front of every route.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'

const ANSWER_MS = 30_000
const END_MS = 3_000

interface Answer {
  id?: number
  result?: Result
  error?: { message: string }
}

/** Of any result, what the bench looks at. */
export interface Result {
  isError?: boolean
  tools?: { name: string }[]
}

export class Peer {
  readonly child: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  readonly exited: Promise<void>
  #lastId = 0
  #parts: string[] = []
  #stderr = ''

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.child.stdin.on('error', () => {})
    this.child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk))
    this.child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stderr = (this.#stderr + chunk).slice(-2_000)
    })
    this.exited = new Promise(resolve => this.child.once('exit', () => resolve()))
    void this.exited.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${args.join(' ')} ended. ${this.#stderr}`))
      this.#waiting.clear()
    })
  }

  /** Rejects when the answer is an error, a failed tool, or does not come. */
  async request(method: string, params: unknown = {}): Promise<Result> {
    const id = ++this.#lastId
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#send({ id, method, params })
    })
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
    const { result = {} } = answer
    if (result.isError) throw new Error(`${method}: ${JSON.stringify(result).slice(0, 500)}`)
    return result
  }

  /** The handshake. */
  async greet(): Promise<void> {
    const clientInfo = { name: 'bench', version: '1.0.0' }
    const late = setTimeout(() => this.kill(), ANSWER_MS)
    await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
    clearTimeout(late)
    this.#send({ method: 'notifications/initialized' })
  }

  /** Asks it to end by closing its input. */
  async close(): Promise<void> {
    this.child.stdin.end()
    const late = setTimeout(() => this.kill(), END_MS)
    await this.exited
    clearTimeout(late)
  }

  kill(): void {
    this.child.kill('SIGKILL')
  }

  #send(message: object): void {
    this.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }

  #read(chunk: string): void {
    let at = 0
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', at)) {
      this.#parts.push(chunk.slice(at, end))
      const line = this.#parts.length === 1 ? this.#parts[0]! : this.#parts.join('')
      this.#parts = []
      at = end + 1
      const answer = JSON.parse(line) as Answer
      const waiting = answer.id === undefined ? undefined : this.#waiting.get(answer.id)
      if (!waiting) continue
      this.#waiting.delete(answer.id!)
      waiting.resolve(answer)
    }
    if (at < chunk.length) this.#parts.push(chunk.slice(at))
  }
}
