import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ParseError, parse } from 'jsonc-parser'
import { expect, test } from 'vitest'
import { nodePath, programPath, rendererFolder } from './places.ts'

const root = join(import.meta.dirname, '..')

// JSON5 with comments, single quotes and bare names: made JSON by the three steps this file needs.
function readConfig(): Record<string, unknown> & { electronFuses: Record<string, boolean> } {
  const text = readFileSync(join(root, 'build/electron-builder.json5'), 'utf8')
  const bare = text.replace(/^\s*\/\/.*$/gm, '').replace(/'([^'\n]*)'/g, '"$1"')
  const errors: ParseError[] = []
  const value = parse(bare.replace(/([{,\n]\s*)([A-Za-z]\w*):/g, '$1"$2":'), errors, { allowTrailingComma: true })
  if (errors.length > 0) throw new Error(`line ${bare.slice(0, errors[0]!.offset).split('\n').length}`)
  return value
}

const config = readConfig()

test('the packaging config names every fuse that the packager knows', () => {
  const schema = JSON.parse(readFileSync(join(root, 'node_modules/app-builder-lib/scheme.json'), 'utf8'))
  expect(Object.keys(config.electronFuses).sort()).toEqual(
    Object.keys(schema.definitions.FuseOptionsV1.properties).sort(),
  )
})

test('the fuses keep the app from being anybody’s Node, and its code from being changed', () => {
  expect(config.electronFuses).toMatchObject({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    grantFileProtocolExtraPrivileges: false,
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
  })
})

test('the package ships the Node and the programs that the shell starts, where it looks for them', () => {
  const packed = { resources: '/app/resources', root: '/app/resources/app.asar/dist' }
  expect(nodePath(packed, { GATEHOUSE_NODE: '/elsewhere' }, 'linux')).toBe('/app/resources/node/node')
  expect(nodePath(packed, {}, 'win32')).toBe('/app/resources/node/node.exe')
  expect(programPath(packed, 'hub/main')).toBe('/app/resources/app.asar.unpacked/dist/hub/main.js')
  expect(rendererFolder(packed)).toBe('/app/resources/app.asar.unpacked/dist/renderer')
  expect(config).toMatchObject({
    asar: true,
    extraResources: [{ from: 'node_modules/node/bin', to: 'node', filter: ['node', 'node.exe'] }],
    asarUnpack: expect.arrayContaining([
      'dist/{hub,cli,servers,contract,renderer}/**',
      'node_modules/**',
      'dist/package.json',
    ]),
  })
})
