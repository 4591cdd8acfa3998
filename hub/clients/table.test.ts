// The table against what is known of the clients: nobody of the first two tiers is missing, overrides count, and a
// folder that is barred is told from one that is not there, on every system.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { configPath, existingPaths } from './places.ts'
import { see } from './sight.ts'
import { KNOWN_CLIENTS } from './table.ts'

/** Tier 1 and 2 of what was found out about AI clients in November 2026. */
const TIERS = `claude-desktop claude-code cursor vscode vscode-insiders vscodium copilot-cli devin-desktop zed codex
  gemini-cli antigravity opencode cline kilo-code goose lm-studio kiro junie warp amp crush qwen-code droid grok-build`
  .split(/\s+/)
  .sort()

const homes: string[] = []
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})
function freshHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-table-'))
  homes.push(home)
  return home
}

test('each client of the first two tiers is in the table', () => {
  expect(KNOWN_CLIENTS.map(each => each.id).sort()).toEqual(TIERS)
})

test.each([
  ['claude-code', 'CLAUDE_CONFIG_DIR', '.claude.json'],
  ['codex', 'CODEX_HOME', 'config.toml'],
  ['copilot-cli', 'COPILOT_HOME', 'mcp-config.json'],
  ['gemini-cli', 'GEMINI_CLI_HOME', '.gemini/settings.json'],
  ['qwen-code', 'QWEN_HOME', 'settings.json'],
  ['grok-build', 'GROK_HOME', 'config.toml'],
  ['droid', 'FACTORY_HOME_OVERRIDE', '.factory/mcp.json'],
  ['crush', 'CRUSH_GLOBAL_CONFIG', 'crush.json'],
  ['cline', 'CLINE_MCP_SETTINGS_PATH', ''],
  ['cline', 'CLINE_DIR', 'data/settings/cline_mcp_settings.json'],
  ['amp', 'AMP_SETTINGS_FILE', ''],
  ['opencode', 'XDG_CONFIG_HOME', 'opencode/opencode.jsonc'],
  ['goose', 'XDG_CONFIG_HOME', 'goose/config.yaml'],
  ['zed', 'XDG_CONFIG_HOME', 'zed/settings.json'],
])('%s is led elsewhere by %s, where it is absolute', (id, env, path) => {
  const client = KNOWN_CLIENTS.find(each => each.id === id)!
  const at = (value: string) => configPath(client, { home: '/home/none', env: { [env]: value }, platform: 'linux' })
  expect(at('/else/where')).toBe(path ? join('/else/where', path) : '/else/where')
  expect(at('relative')).toBe(at(''))
})

test('of several files a client may have, the one that is there is written', () => {
  const home = freshHome()
  for (const [id, file] of [
    ['amp', '.config/amp/settings.json'],
    ['kilo-code', '.config/kilo/opencode.json'],
    ['opencode', '.config/opencode/opencode.json'],
  ] as const) {
    mkdirSync(dirname(join(home, file)), { recursive: true })
    writeFileSync(join(home, file), '{}')
    const client = KNOWN_CLIENTS.find(each => each.id === id)!
    expect(configPath(client, { home, env: {}, platform: 'linux' })).toBe(join(home, file))
  }
})

test.each([
  ['antigravity', '.gemini/antigravity/mcp_config.json', '.gemini/config/mcp_config.json'],
  ['devin-desktop', '.codeium/windsurf/mcp_config.json', '.config/devin/mcp_config.json'],
])('%s: once its new folder is there, what lies in the old one is not what counts', (id, old, now) => {
  const home = freshHome()
  const client = KNOWN_CLIENTS.find(each => each.id === id)!
  const at = { home, env: {}, platform: 'linux' } as const
  mkdirSync(dirname(join(home, old)), { recursive: true })
  writeFileSync(join(home, old), '{}')
  expect(configPath(client, at)).toBe(join(home, old))
  mkdirSync(dirname(join(home, now)), { recursive: true })
  expect([configPath(client, at), existingPaths(client, at)]).toEqual([join(home, now), [join(home, old)]])
})

test('who else reads a client’s file is known', () => {
  const readers = Object.fromEntries(KNOWN_CLIENTS.map(({ id, alsoReadBy }) => [id, alsoReadBy.join()]))
  expect(readers['claude-code']).toMatch(/Warp.*Grok Build/)
  expect(readers.codex).toMatch(/Warp/)
  expect(readers.cursor).toMatch(/Grok Build/)
  expect(readers['copilot-cli']).toMatch(/VS Code/)
})

// Root may do everything, so it puts that down for a moment.
test.skipIf(process.platform === 'win32').each([
  ['darwin', 'Library/Application Support', 'zed', '.config'],
  ['darwin', 'Library/Application Support', 'claude-desktop', 'Library/Application Support'],
  ['win32', 'AppData/Roaming', 'claude-desktop', 'AppData/Roaming'],
  ['win32', 'AppData/Roaming', 'vscode', 'AppData/Roaming'],
  ['linux', '.config', 'claude-desktop', '.config'],
  ['linux', '.config', 'goose', '.config'],
] as const)(
  '%s: what lies behind a barred folder needs your permission; what is not there is not installed (%s, %s)',
  (platform, _, id, folder) => {
    const home = freshHome()
    mkdirSync(join(home, folder), { recursive: true })
    for (let at = join(home, folder); at !== dirname(home); at = dirname(at)) chmodSync(at, 0o755)
    const client = KNOWN_CLIENTS.find(each => each.id === id)!
    const at = { home, env: {}, platform }
    const look = () => see(client, configPath(client, at), at, null, { command: '/n', args: [] }, join(home, 'data'))
    expect(look()).toMatchObject({ kind: 'not-installed', problem: null })
    const isRoot = process.getuid!() === 0
    chmodSync(join(home, folder), isRoot ? 0o700 : 0)
    if (isRoot) process.seteuid!(65534)
    try {
      expect(look()).toMatchObject({
        kind: 'no-permission',
        evidence: 'Needs your permission.',
        problem: { what: expect.stringContaining(join(home, folder)) },
      })
    } finally {
      if (isRoot) process.seteuid!(0)
      chmodSync(join(home, folder), 0o700)
    }
  },
)
