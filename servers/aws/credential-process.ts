// A profile's credential_process, which the SDK would wait for without end: run with a deadline, and never quoted.
import { outputOf } from '../kit/run-program.ts'

type Done = (error: Error | null, output?: { stdout: string; stderr: string }) => void

/** Why it did not help, the last time it was run. */
export class CredentialProcess {
  #problem: string | undefined
  readonly #deadline: () => AbortSignal

  constructor(deadline: () => AbortSignal) {
    this.#deadline = deadline
  }

  /** Before the SDK looks for credentials. */
  async install(): Promise<void> {
    const { externalDataInterceptor } = await import('@smithy/core/config')
    externalDataInterceptor.getTokenRecord().exec = (command: string, done: Done) => void this.#run(command, done)
  }

  get problem(): string | undefined {
    return this.#problem
  }

  async #run(command: string, done: Done): Promise<void> {
    const deadline = this.#deadline()
    try {
      const stdout = await outputOf(throughShell(command), deadline)
      if (!isJson(stdout)) throw new Error('it told no credentials')
      this.#problem = undefined
      done(null, { stdout, stderr: '' })
    } catch (error) {
      this.#problem = deadline.aborted ? 'it did not end in time' : (error as Error).message
      done(new Error(this.#problem))
    }
  }
}

/** As the SDK would. */
function throughShell(command: string) {
  return process.platform === 'win32'
    ? { command: process.env.ComSpec ?? 'cmd.exe', args: ['/d', '/s', '/c', `"${command}"`], env: {} }
    : { command: '/bin/sh', args: ['-c', command], env: {} }
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}
