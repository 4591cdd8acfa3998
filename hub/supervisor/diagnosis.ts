// Why a server did not start or ended: the cause, the evidence, and what to do next.
import { isAbsolute } from 'node:path'
import type { Because, Launch } from '../../contract/servers.ts'
import type { Ending } from './connection.ts'
import { shownCommand } from './launch.ts'

/** What is known when a server did not come up, or ended. `stderr`: its last lines, secrets removed. */
export interface Failure {
  name: string
  launch: Launch
  ending: Ending
  stderr: readonly string[]
  /** It had come up before. */
  wasRunning: boolean
  /** The folder it should start in is there. */
  cwdExists: boolean
}

const SHOWN_LINES = 20

export function diagnose(failure: Failure): Because {
  const { launch, ending, stderr } = failure
  const hint = hintFor(failure)
  return {
    what: whatHappened(failure),
    command: shownCommand(launch),
    exitCode: ending.exitCode,
    signal: ending.signal,
    stderr: stderr.slice(-SHOWN_LINES),
    ...(hint ? { hint } : {}),
  }
}

/** Trying again changes nothing while the command, its folder or its rights stay as they are. */
export function isHopeless(ending: Ending): boolean {
  return ['ENOENT', 'EACCES', 'ENOTDIR', 'ENOEXEC', 'E2BIG'].includes(codeOf(ending.error) ?? '')
}

function whatHappened({ name, launch, ending, wasRunning, cwdExists }: Failure): string {
  const code = codeOf(ending.error)
  const command = launch.command ?? ''
  if (code === 'ENOENT' && !cwdExists) return `${name} did not start: its folder ${launch.cwd} does not exist.`
  if (code === 'ENOENT') return `${name} did not start: ${command} was not found.`
  if (code === 'EACCES') return `${name} did not start: ${command} may not be run.`
  if (code === 'ENOEXEC') return `${name} did not start: ${command} is no program for this machine.`
  if (ending.error)
    return wasRunning ? `${name} ended: ${ending.error.message}` : `${name} did not start: ${ending.error.message}`
  const how = ending.signal ? `was ended by ${ending.signal}` : `ended with exit code ${ending.exitCode ?? 'unknown'}`
  return wasRunning ? `${name} ${how}.` : `${name} ${how} before it answered.`
}

/** Each says what to do. The first that fits counts; the order is from the surest sign to the vaguest. */
function hintFor({ name, launch, ending, stderr, cwdExists }: Failure): string | undefined {
  const command = launch.command ?? ''
  const code = codeOf(ending.error)
  const said = [...stderr, ending.error?.message ?? ''].join('\n')
  if (code === 'ENOENT' && !cwdExists) return `Create the folder, or change cwd in ${name}'s settings.`
  if (code === 'ENOENT') return commandMissing(command)
  if (code === 'EACCES') return `Make the file executable (chmod +x), or give the right path in ${name}'s settings.`
  if (/command not found|: not found$/m.test(said))
    return 'A program it calls was not found in the PATH of your login shell. Install it, or give its full path.'
  if (/ENOSPC|no space left on device/i.test(said))
    return 'The disk is full. Free some space, then start this server again.'
  if (
    /Unsupported engine|requires Node\.?js|engine "node" is incompatible|Node\.js version .* is (not supported|too old)/i.test(
      said,
    )
  )
    return 'It needs another version of Node.js than the one in the PATH of your login shell. Install that one.'
  if (
    /(environment variable|env(ironment)? var)\S* .*(required|missing|not set|must be set)|(required|missing) environment variable|KeyError: '[A-Z_]+'/i.test(
      said,
    )
  )
    return `It needs an environment variable that is not set; the lines above name which. Set it under env in ${name}'s settings.`
  if (/EADDRINUSE|address already in use/i.test(said))
    return 'The port it wants is taken by another program. End that one, or give this server another port.'
  if (/ECONNREFUSED|connection refused/i.test(said))
    return 'It could not reach something it needs (connection refused). Check that this is running.'
  if (/ENOTFOUND|EAI_AGAIN|getaddrinfo|could not resolve host/i.test(said))
    return 'It could not look up a host name. Check the network connection, and the proxy if you use one.'
  if (/\bE404\b|404 Not Found - GET/.test(said))
    return 'The package was not found. Check its name and version in the command.'
  if (/CERT_|self[- ]signed certificate|certificate verify failed/i.test(said))
    return 'A certificate was not accepted. Behind a proxy of your own, set NODE_EXTRA_CA_CERTS or SSL_CERT_FILE.'
  if (/EACCES|permission denied/i.test(said))
    return 'It was denied access to a file or a port. The lines above name which.'
  if (/Cannot find (module|package)|ModuleNotFoundError|No module named/.test(said))
    return 'A part of the program is missing. Install its dependencies, or reinstall it.'
  if (/^\s*(SyntaxError|IndentationError)\b/m.test(said))
    return 'The program could not be read: it is broken, or written for a newer version of what runs it.'
  if (/Cannot connect to the Docker daemon/i.test(said)) return 'Start Docker, then start this server again.'
  if (/unauthorized|invalid (api )?(key|token)|\b401\b/i.test(said))
    return 'Its credential was not accepted. Set it again in Credentials.'
  if (/no sign of life/.test(said))
    return /^(npx|uvx|docker|pipx|bunx)$/.test(command)
      ? `It may still be downloading. Run the command once in a terminal, then start ${name} again.`
      : 'Run the command in a terminal: it should wait for input, not ask a question or end.'
  if (ending.signal === 'SIGKILL') return 'Something outside ended it at once; often the system, when memory runs out.'
  if (ending.exitCode === 0)
    return 'It ended as if its work were done. Check that the command starts an MCP server on stdio and not something else.'
  return undefined
}

function commandMissing(command: string): string {
  if (isAbsolute(command)) return `There is no file ${command}. Give the right path in the settings.`
  const looked = `Looked for ${command} in the PATH of your login shell.`
  if (/^(npx|npm|node)$/.test(command))
    return `${looked} Install Node.js, or give the full path of ${command} in the settings.`
  if (/^uvx?$/.test(command)) return `${looked} Install uv, or give the full path of ${command} in the settings.`
  if (/^python3?$/.test(command))
    return `${looked} Install Python (it may be called python3 here), or give its full path in the settings.`
  if (command === 'docker') return `${looked} Install Docker, or give the full path of docker in the settings.`
  if (command.startsWith('gatehouse:')) return 'No server of this name comes with Gatehouse.'
  return `${looked} Install it, or give its full path in the settings.`
}

function codeOf(error: Error | null): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code
}
