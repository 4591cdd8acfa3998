// What a pasted text is: an mcpServers block, a command line as a README writes it, or an address.
import type { Launch } from '../../../contract/servers.ts'

export type Pasted =
  | { kind: 'nothing' }
  | { kind: 'block'; text: string }
  | { kind: 'one'; name: string; launch: Launch }
  | { kind: 'unclear'; why: string }

/** Blocks go to the hub as they are; it knows all their shapes. A command is split as a shell would, without running one. */
export function readPaste(pasted: string): Pasted {
  const text = unfenced(pasted.trim())
  if (text === '') return { kind: 'nothing' }
  // Also a whole section of a README: the hub finds the block between its sentences.
  if (/^[{"]/.test(text) || /"(mcpServers|servers)"\s*:\s*\{/.test(text)) return { kind: 'block', text }
  if (/^https?:\/\/\S+$/.test(text)) {
    if (!URL.canParse(text)) return { kind: 'unclear', why: 'This address cannot be read.' }
    return { kind: 'one', name: nameOfAddress(new URL(text)), launch: { args: [], env: {}, headers: {}, url: text } }
  }
  const lines = text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter(line => line.trim() !== '')
  if (lines.length > 1) return { kind: 'unclear', why: 'These are several lines. Paste one command, or a JSON block.' }
  return readCommand(lines[0]!.replace(/^\$\s+/, ''))
}

const unfenced = (text: string): string => /^```\w*\n([\s\S]*?)\n?```$/.exec(text)?.[1]?.trim() ?? text

function readCommand(line: string): Pasted {
  const words = split(line)
  if (!words) return { kind: 'unclear', why: 'A quote is not closed.' }
  const env: Record<string, string> = {}
  while (words.length > 0 && /^[A-Za-z_]\w*=/.test(words[0]!)) {
    const word = words.shift()!
    env[word.slice(0, word.indexOf('='))] = word.slice(word.indexOf('=') + 1)
  }
  const [command, ...args] = words
  if (!command) return { kind: 'unclear', why: 'No command is named.' }
  if (words.some(word => /^(\||\|\||&&|;|>|<)$/.test(word)))
    return { kind: 'unclear', why: 'This needs a shell. Name the shell: sh -c "…".' }
  return { kind: 'one', name: nameOfCommand(command, args), launch: { command, args, env, headers: {} } }
}

/** Words as a POSIX shell splits them; nothing is expanded. */
export function split(line: string): string[] | undefined {
  const words: string[] = []
  let word = ''
  let begun = false
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const c = line[at]!
    if (quote) {
      if (c === quote) quote = ''
      else if (c === '\\' && quote === '"' && /["\\$`]/.test(line[at + 1] ?? '')) word += line[++at]
      else word += c
    } else if (c === '"' || c === "'") {
      quote = c
      begun = true
    } else if (c === '\\' && at + 1 < line.length) {
      word += line[++at]
      begun = true
    } else if (/\s/.test(c)) {
      if (begun) words.push(word)
      word = ''
      begun = false
    } else {
      word += c
      begun = true
    }
  }
  if (quote) return undefined
  return begun ? [...words, word] : words
}

/** What of `docker run` has a value of its own: `-e KEY` names no image. */
const VALUED = /^(-[evpuwl]|--(env|env-file|volume|mount|name|publish|network|user|workdir|entrypoint|platform|label))$/

/** `@scope/server-memory@1.2` → memory, `mcp-server-fetch` → fetch, `servers/files/main.ts` → files. */
function nameOfCommand(command: string, args: string[]): string {
  const runner = /^(npx|bunx|uvx|pnpm|yarn|npm|pipx|docker|podman|node|bun|deno|python3?|sh|bash)(\.cmd|\.exe)?$/
  const program = command.split(/[\\/]/).pop()!
  const isContainer = /^(docker|podman)/.test(program)
  const isValue = (at: number) => isContainer && VALUED.test(args[at - 1] ?? '')
  const subject = runner.test(program)
    ? args.find((word, at) => !word.startsWith('-') && !/^(dlx|exec|run|x|tool)$/.test(word) && !isValue(at))
    : command
  const named = (subject ?? command).replace(isContainer ? /:[\w.-]+$/ : '', '')
  return tidy(named.replace(/(?<=.)[@=]=?[\d^~].*$|(?<=.)@latest$/, ''))
}

function tidy(subject: string): string {
  const parts = subject
    .split(/[\\/]/)
    .filter(part => part && !/^(main|index|dist|src|build|server)(\.\w+)?$/.test(part))
  const last = (parts.pop() ?? subject).replace(/\.\w+$/, '')
  const bare = last.replace(/^@/, '').replace(/^(mcp-server-|server-|mcp-)|(-mcp-server|-mcp|-server)$/g, '')
  return (bare || last).replace(/[^\w.-]+/g, '-').slice(0, 60)
}

function nameOfAddress(url: URL): string {
  const parts = url.hostname.replace(/^(www|mcp|api)\./, '').split('.')
  return parts.length > 2 || parts.length === 1 ? parts[0]! : (parts.at(-2) ?? url.hostname)
}
