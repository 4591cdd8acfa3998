// What a builder of the image works with: the files that the Dockerfile copies, and of these only what is sent to it.
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { DockerfileParser } from 'dockerfile-ast'
import picomatch from 'picomatch'
import { root } from './harness.ts'

const place = join(root, 'build', 'deploy')
export const dockerfileText = readFileSync(join(place, 'Dockerfile'), 'utf8')
export const dockerfile = DockerfileParser.parse(dockerfileText)
export const instructions = (keyword: string) =>
  dockerfile.getInstructions().filter(one => one.getKeyword() === keyword)

const ignored = readFileSync(join(place, 'Dockerfile.dockerignore'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map(rule => {
    const glob = rule.replace(/^!/, '')
    return { isIn: rule.startsWith('!'), matches: picomatch([glob, `${glob}/**`], { dot: true }) }
  })

/** Of all that stands there the last rule counts. */
export const isSent = (path: string) => ignored.findLast(rule => rule.matches(path))?.isIn ?? true

/** What it copies of ours, as it says it. */
export const copied = instructions('COPY')
  .filter(one => !one.toString().includes('--from='))
  .flatMap(one => one.getArgumentsContent()!.split(/\s+/).slice(0, -1))

/** Those files in `folder`, with the packages that are installed here. */
export function asSent(folder: string): string {
  for (const source of copied) {
    const files = source.endsWith('/') ? globSync(`${source}**/*`, { cwd: root, withFileTypes: true }) : []
    const paths = files.filter(one => one.isFile()).map(one => relative(root, join(one.parentPath, one.name)))
    for (const path of source.endsWith('/') ? paths : [source]) {
      if (!isSent(path) || !existsSync(join(root, path))) continue
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      cpSync(join(root, path), join(folder, path))
    }
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}
