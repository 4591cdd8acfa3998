// `gatehouse servers add`: shows the exact command. Only the right PIN, typed on a terminal, agrees to it at once.
import { bundledOf } from '../../contract/catalog.ts'
import type { Launch } from '../../contract/servers.ts'
import { agrees, ask, hasTerminal } from '../ask.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import { oneLine, say, sayJson } from '../print.ts'
import { sayAdded } from './servers.ts'
import { bundledLaunch } from './servers-catalog.ts'

export const serversAdd: Command = {
  synopsis:
    'NAME [--env K=V]… [--cwd DIR] -- CMD ARGS… | NAME --url URL [--header K=V]… | gatehouse:NAME [--as NAME] [--env K=V]… [--secret K]… [-- FOLDER…]',
  help: `It starts only after a person agreed to exactly this command: in the window, or here with the PIN.
  --env K=V       a variable; \${secret:NAME} takes a credential of the keychain
  --cwd DIR       where it is started
  --url URL       a remote server instead of a command
  --header K=V    a header for it; \${secret:NAME} works here, too
  gatehouse:NAME  one that comes with Gatehouse (gatehouse servers catalog); what follows -- are its folders
  --as NAME       what that one is called here
  --secret K      its setting K is the credential of that name in the keychain; K=NAME for another name`,
  options: {
    env: { type: 'string', multiple: true },
    cwd: { type: 'string' },
    url: { type: 'string' },
    header: { type: 'string', multiple: true },
    as: { type: 'string' },
    secret: { type: 'string', multiple: true },
  },
  args: [1, 1],
  takesRest: true,
  async run({ args: [given = ''], rest, json, yes, text, texts, hub }) {
    const [isBundled, secrets] = [bundledOf(given) !== undefined, texts('secret')]
    if (!isBundled && (text('as') !== undefined || secrets.length > 0))
      throw new UsageError('--as and --secret are for gatehouse:NAME.')
    const asked = { rest, cwd: text('cwd'), url: text('url'), env: texts('env'), headers: texts('header') }
    if (isBundled && (asked.cwd ?? asked.url ?? asked.headers[0]) !== undefined)
      throw new UsageError('gatehouse:NAME takes no --cwd, --url or --header.')
    const plain = isBundled ? null : toLaunch(asked)
    const running = await hub()
    const launch =
      plain ?? (await bundledLaunch(running, given, { env: pairs('--env', asked.env), secrets, args: rest }))
    const name = isBundled ? (text('as') ?? bundledOf(given)!) : given
    const asks = !yes && hasTerminal()
    if (!json || asks) process.stderr.write(`${describe(launch)}\n`)
    if (asks && !(await agrees('This command runs with your rights.')))
      throw new CommandError(`${oneLine(name)} was not added.`)
    const { pin: choice } = await running.call.hub.status()
    const pin = asks && choice === 'set' ? await ask('PIN (empty: agree in the window instead): ', true) : ''
    const added = await running.call.servers.add({ name, launch, ...(pin ? { pin } : {}) })
    if (json) sayJson(added)
    else {
      sayAdded(added)
      if (pin && added.servers.some(server => server.state === 'waiting'))
        say('  The PIN was not right, so the window asks.')
    }
    return 0
  },
}

interface Given {
  rest: string[]
  cwd: string | undefined
  url: string | undefined
  env: string[]
  headers: string[]
}

function toLaunch({ rest, cwd, url, env, headers }: Given): Launch {
  const [command, ...args] = rest
  if (url !== undefined) {
    if (command !== undefined || cwd !== undefined || env.length > 0)
      throw new UsageError('--url stands for a remote server, which takes no command, --cwd or --env.')
    return { url, headers: pairs('--header', headers), args: [], env: {} }
  }
  if (command === undefined)
    throw new UsageError(
      'What command starts it?',
      'Give it after --, for example: gatehouse servers add files -- npx -y some-server',
    )
  if (headers.length > 0) throw new UsageError('--header is for a remote server (--url).')
  return { command, args, env: pairs('--env', env), headers: {}, ...(cwd === undefined ? {} : { cwd }) }
}

function pairs(option: string, given: string[]): Record<string, string> {
  return Object.fromEntries(
    given.map(pair => {
      const at = pair.indexOf('=')
      if (at < 1) throw new UsageError(`${option} ${oneLine(pair)} is not K=V.`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

/** Whole, each argument where it can be told from the next. */
function describe(launch: Launch): string {
  const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
  const lines = launch.url ? [`  ${launch.url}`] : [`  ${[launch.command ?? '', ...launch.args].map(quoted).join(' ')}`]
  if (launch.cwd) lines.push(`  in ${launch.cwd}`)
  for (const [key, value] of Object.entries({ ...launch.env, ...launch.headers })) lines.push(`  with ${key}=${value}`)
  return lines.map(oneLine).join('\n')
}
