// Which package a runner like npx or uvx fetches, and whether its version is named.

/** `version` null: none named. `separator` is what stands before a version in this ecosystem. */
export interface FoundPackage {
  name: string
  version: string | null
  separator: string
  from: 'registry' | 'address'
}

const NPM_FLAGS_WITH_VALUE = new Set(['-c', '--call', '--registry', '--cache', '--prefix', '-w', '--workspace'])
const UV_FLAGS_WITH_VALUE = new Set([
  '--python',
  '-p',
  '--with',
  '--index-url',
  '--index',
  '--extra-index-url',
  '--directory',
  '--env-file',
  '--pip-args',
])
const DOCKER_FLAGS_ALONE =
  /^(-[ditP]+|--rm|--init|--interactive|--tty|--detach|--privileged|--read-only|--no-healthcheck|--quiet|-q|--[\w-]+=.*|-\w.+=.*)$/

export function packageOf(program: string, args: readonly string[]): FoundPackage | null {
  if (program === 'npx' || program === 'bunx' || program === 'pnpx') return npm(args)
  if (/^(npm|pnpm|yarn|bun)$/.test(program) && /^(exec|x|dlx)$/.test(args[0] ?? '')) return npm(args.slice(1))
  if (program === 'uvx') return python(args, ['--from'])
  if (program === 'uv' && args[0] === 'tool' && args[1] === 'run') return python(args.slice(2), ['--from'])
  if (program === 'pipx' && args[0] === 'run') return python(args.slice(1), ['--spec'])
  if (/^(docker|podman|nerdctl)$/.test(program)) return image(args)
  return null
}

function npm(args: readonly string[]): FoundPackage | null {
  const spec = flagValue(args, ['-p', '--package']) ?? firstWord(args, NPM_FLAGS_WITH_VALUE)
  if (!spec || /^[./~]/.test(spec)) return null
  if (/^(https?|git|git\+\w+|github|gitlab|file):|^[\w.-]+\/[\w.-]+(#.*)?$/.test(spec))
    return { name: spec, version: '', separator: '#', from: 'address' }
  const at = spec.indexOf('@', 1)
  return {
    name: at < 0 ? spec : spec.slice(0, at),
    version: at < 0 ? null : spec.slice(at + 1),
    separator: '@',
    from: 'registry',
  }
}

function python(args: readonly string[], specFlags: readonly string[]): FoundPackage | null {
  const spec = flagValue(args, specFlags) ?? firstWord(args, new Set([...UV_FLAGS_WITH_VALUE, ...specFlags]))
  if (!spec || /^[./~]/.test(spec)) return null
  if (/^(https?|git\+\w+|file):/.test(spec)) return { name: spec, version: '', separator: '@', from: 'address' }
  const match = /^([A-Za-z0-9._-]+(?:\[[^\]]*\])?)(?:(?:==|@)(.+))?/.exec(spec)
  return match ? { name: match[1]!, version: match[2] ?? null, separator: '==', from: 'registry' } : null
}

function image(args: readonly string[]): FoundPackage | null {
  const run = args.indexOf('run')
  if (run < 0) return null
  for (let i = run + 1; i < args.length; i++) {
    const word = args[i]!
    if (!word.startsWith('-')) {
      const [, name, version] = /^(.*?)(?:@(sha256:.+)|:([^/:]+))?$/.exec(word) ?? []
      const tag = /@sha256:/.test(word) ? version : (/:([^/:]+)$/.exec(word)?.[1] ?? null)
      return { name: name || word, version: tag ?? null, separator: ':', from: 'registry' }
    }
    if (!DOCKER_FLAGS_ALONE.test(word)) i++
  }
  return null
}

function flagValue(args: readonly string[], flags: readonly string[]): string | undefined {
  for (const [i, word] of args.entries()) {
    if (flags.includes(word)) return args[i + 1]
    const flag = flags.find(f => word.startsWith(`${f}=`))
    if (flag) return word.slice(flag.length + 1)
  }
  return undefined
}

function firstWord(args: readonly string[], withValue: ReadonlySet<string>): string | undefined {
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!
    if (!word.startsWith('-')) return word
    if (withValue.has(word)) i++
  }
  return undefined
}
