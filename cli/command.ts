// What a command is, what it is given, and how it fails.
import type { ParseArgsOptionsConfig } from 'node:util'
import type { HubConnection } from './hub-connection.ts'

/** It failed: one line on stderr. `hint`: what to do. */
export class CommandError extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'CommandError'
    this.hint = hint
  }
}

/** It was called wrongly: exit code 2. */
export class UsageError extends CommandError {}

/** What every command takes. */
export interface Common {
  data: string
  json: boolean
  yes: boolean
  timeoutMs: number
}

export interface Input extends Common {
  /** Arguments by place, without the command's own words. */
  args: string[]
  /** What stands after `--`. */
  rest: string[]
  flag(name: string): boolean
  text(name: string): string | undefined
  texts(name: string): string[]
  /** The running hub; fails when there is none. Closed when the command ends. */
  hub(): Promise<HubConnection>
  /** The running hub, or null. */
  hubIfAny(): Promise<HubConnection | null>
  /** The running hub, started when there is none. */
  hubStarted(): Promise<HubConnection>
}

/** Its name and summary stand in the table, commands.ts. */
export interface Command {
  /** What follows the name: `NAME [--env K=V]… -- CMD ARGS…`. */
  synopsis: string
  help?: string
  options?: ParseArgsOptionsConfig
  /** How many arguments it takes. */
  args?: [least: number, most: number]
  takesRest?: boolean
  /** Ends with its input or its owner, not after --timeout. */
  endless?: (input: Input) => boolean
  /** Resolves with the exit code; nothing means 0. */
  run(input: Input): Promise<number | undefined>
}
