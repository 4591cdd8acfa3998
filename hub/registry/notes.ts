// Facts about a launch that are worth a look before a person agrees to it, in words.
import { homedir } from 'node:os'
import { basename, isAbsolute } from 'node:path'
import type { Launch } from '../../contract/servers.ts'
import { bundledName } from './bundled.ts'
import { packageOf } from './package-of.ts'
import { unknownReferences } from './references.ts'

const SHELLS = new Set(['sh', 'bash', 'zsh', 'dash', 'ksh', 'fish', 'cmd', 'powershell', 'pwsh'])
const ROOT = new Set(['sudo', 'doas', 'pkexec', 'su', 'runas', 'gsudo'])
const INLINE = /^(-e|--eval|-p|--print|-c|-r)$/
const INTERPRETERS = /^(node|bun|deno|python[\d.]*|perl|ruby|php)$/
const FETCH = /\b(curl|wget|iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b/i
const PIPED =
  /\|\s*(sudo\s+)?(\S*\/)?(sh|bash|zsh|dash|node|python[\d.]*|perl|ruby|iex|Invoke-Expression)\b|\$\(\s*(curl|wget)|<\(\s*(curl|wget)|\biex\b/i
const POWERFUL_ENV =
  /^(PATH|LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|PYTHONPATH|PYTHONSTARTUP|PERL5OPT|RUBYOPT|BASH_ENV|ENV|GIT_SSH_COMMAND|JAVA_TOOL_OPTIONS|NODE_TLS_REJECT_UNAUTHORIZED|npm_config_.*|UV_.*INDEX.*|PIP_.*INDEX.*)$/i
const SECRET_KEY = /(token|secret|passw(or)?d|api_?-?key|auth|credential|private_?key|pat$)/i
const PLACEHOLDER =
  /^<.*>$|\b(your|my)[-_ ]?(own[-_ ])?(api|access|github|secret|token|key)|^(xxx+|changeme|replace[-_ ]?me|\.\.\.)$/i
const PRIVATE_PLACES = [
  '.ssh',
  '.gnupg',
  '.aws',
  '.kube',
  '.docker',
  '.config',
  '.local/share/keyrings',
  '.mozilla',
  'Library/Keychains',
  'AppData',
]

/** What stands out, most serious first. Nothing here is a verdict: the command itself is shown whole beside it. */
export function notesOn(launch: Launch): string[] {
  const program = basename(launch.command ?? '').replace(/\.(exe|cmd|bat)$/i, '')
  const words = [program, ...launch.args]
  return [
    ...aboutProgram(program, words, launch),
    ...aboutPaths(launch),
    ...aboutEnvironment(launch),
    ...aboutUrl(launch),
  ]
}

function aboutProgram(program: string, words: string[], launch: Launch): string[] {
  if (launch.command === undefined || bundledName(launch.command) !== null) return []
  const notes: string[] = []
  const script = words.join(' ')
  if (words.some(word => ROOT.has(basename(word)))) notes.push('It asks for another user’s rights (sudo or the like).')
  if (FETCH.test(script) && PIPED.test(script))
    notes.push('It fetches a program from the network and runs it at once, whatever it then is.')
  const shell = words.find(word =>
    SHELLS.has(
      basename(word)
        .replace(/\.exe$/i, '')
        .toLowerCase(),
    ),
  )
  if (shell && words.some(word => /^(-\w*c|\/c|\/k|-command|-encodedcommand|-enc?)$/i.test(word)))
    notes.push(`It runs a script in ${basename(shell)}: all of the text counts, not only its first word.`)
  if (words.some(word => /^-e(nc|ncodedcommand)$/i.test(word)) && /^(powershell|pwsh)$/i.test(program))
    notes.push('The script is encoded, so that it cannot be read here.')
  if (INTERPRETERS.test(program) && launch.args.some(word => INLINE.test(word)))
    notes.push('Its program stands in the arguments: read it there.')
  const found = packageOf(program, launch.args)
  if (found && found.version === null)
    notes.push(
      `No version is named: each start may fetch and run a newer ${found.name}. Name one, like ${found.name}${found.separator}1.2.3.`,
    )
  if (found?.version === 'latest') notes.push(`“latest” is no version: each start may run a newer ${found.name}.`)
  if (found?.from === 'address') notes.push(`The package comes from an address instead of the registry: ${found.name}.`)
  return [...notes, ...aboutContainer(program, launch.args)]
}

function aboutContainer(program: string, args: string[]): string[] {
  if (!/^(docker|podman|nerdctl)$/.test(program)) return []
  const all = args.join(' ')
  const notes: string[] = []
  if (/--privileged|--cap-add|--pid[= ]host|--device/.test(all))
    notes.push('The container gets rights over this machine (--privileged or the like).')
  if (/docker\.sock/.test(all))
    notes.push('The container gets Docker’s own socket, which is as much as root on this machine.')
  if (/--net(work)?[= ]host/.test(all)) notes.push('The container shares this machine’s network.')
  if (/(^| )(-v|--volume)[= ]\/:|source=\/[, ]/.test(`${all} `))
    notes.push('The container sees this machine’s whole file system.')
  return notes
}

function aboutPaths({ command, args, cwd }: Launch): string[] {
  const notes: string[] = []
  const home = homedir()
  if (command && /[\\/]/.test(command) && !isAbsolute(command) && !command.startsWith('${'))
    notes.push(`The command is a path that begins at the folder it starts in (${cwd ?? 'your home folder'}).`)
  if (command && /^(\/tmp\/|\/var\/tmp\/|\/dev\/shm\/)|[\\/](Downloads|Temp)[\\/]/i.test(command))
    notes.push('The program lies in a folder for passing files, where others may replace it.')
  for (const word of args) {
    const path = word
      .replace(/^--?[\w-]+=/, '')
      .replace(/^~(?=\/|$)|^\$\{home\}/, home)
      .replace(/(.)\/+$/, '$1')
    if (path === '/' || /^[A-Za-z]:\\?$/.test(path)) notes.push('It is given the whole file system.')
    else if (path === home) notes.push('It is given your whole home folder.')
    else if (PRIVATE_PLACES.some(place => path === `${home}/${place}` || path.startsWith(`${home}/${place}/`)))
      notes.push(`It is given a place where credentials lie: ${word}.`)
    else if (/^\/(etc|root|boot|sys|proc|dev|var\/run|run)(\/|$)/.test(path) && !path.startsWith(`${home}/`))
      notes.push(`It is given a place of the system: ${word}.`)
    else if (/(^|\/)\.\.(\/|$)/.test(path)) notes.push(`It is given a path that leads out of its folder: ${word}.`)
  }
  return notes
}

function aboutEnvironment({ command, args, cwd, url, env, headers }: Launch): string[] {
  const notes: string[] = []
  for (const name of Object.keys(env))
    if (POWERFUL_ENV.test(name)) notes.push(`It sets ${name}, which changes what programs load or trust.`)
  for (const [name, value] of [...Object.entries(env), ...Object.entries(headers)]) {
    if (value.includes('${') || value === '') continue
    if (PLACEHOLDER.test(value)) notes.push(`${name} still holds a placeholder.`)
    else if (SECRET_KEY.test(name))
      notes.push(
        `${name} seems to hold a secret in plain text. Store it in Credentials and write \${secret:${name.replace(/[^A-Za-z0-9_.-]/g, '_')}} instead.`,
      )
  }
  for (const reference of unknownReferences([
    command ?? '',
    ...args,
    cwd ?? '',
    url ?? '',
    ...Object.values(env),
    ...Object.values(headers),
  ]))
    notes.push(`${reference} is handed on as it stands: Gatehouse knows \${secret:NAME}, \${env:NAME} and \${home}.`)
  return notes
}

function aboutUrl({ url }: Launch): string[] {
  if (url === undefined || !URL.canParse(url)) return []
  const { protocol, hostname, username } = new URL(url)
  const loopback = /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
  return [
    ...(protocol === 'http:' && !loopback ? ['The connection is not encrypted (http).'] : []),
    ...(username ? ['The address holds a user name or password in plain text.'] : []),
  ]
}
