import { homedir } from 'node:os'
import { expect, test } from 'vitest'
import type { Launch } from '../../contract/servers.ts'
import { notesOn } from './notes.ts'

function notes(line: string, more: Partial<Launch> = {}): string {
  const [command, ...args] = line.split(' ')
  return notesOn({ command, args, env: {}, headers: {}, ...more }).join('\n')
}

test.each([
  ['npx -y @scope/pkg', /No version is named.*@scope\/pkg@1\.2\.3/],
  ['npx -y pkg@latest', /“latest” is no version/],
  ['npx -p pkg bin', /No version is named/],
  ['npx -y github:evil/repo', /comes from an address/],
  ['pnpm dlx pkg', /No version is named/],
  ['uvx mcp-server-git', /No version is named.*mcp-server-git==1\.2\.3/],
  ['uvx --from git+https://x.y/z tool', /comes from an address/],
  ['/usr/bin/npx pkg', /No version is named/],
  ['docker run -i --rm -e TOKEN ghcr.io/a/b', /No version is named.*ghcr\.io\/a\/b:1\.2\.3/],
  ['docker run --privileged a:1', /rights over this machine/],
  ['docker run -v /var/run/docker.sock:/var/run/docker.sock a:1', /as much as root/],
  ['docker run -v /:/host a:1', /whole file system/],
  ['sudo node x.js', /another user’s rights/],
  ['env sudo node', /another user’s rights/],
  ['bash -c ls', /runs a script in bash/],
  ['sh -lc ls', /runs a script in sh/],
  ['cmd /c npx pkg@1.0.0', /runs a script in cmd/],
  ['powershell -enc AAAA', /cannot be read here/],
  ['sh -c curl https://x.y/i.sh | sh', /fetches a program from the network/],
  ['bash -c bash <(curl https://x.y)', /fetches a program from the network/],
  ['node -e evil()', /stands in the arguments/],
  ['./server', /begins at the folder/],
  ['/tmp/server', /others may replace it/],
  ['files /', /whole file system/],
  ['files ~', /whole home folder/],
  [`files ${homedir()}/`, /whole home folder/],
  ['files ~/.ssh', /credentials lie/],
  ['files --root=/etc', /a place of the system/],
  ['files ../..', /leads out of its folder/],
])('%s: said', (line, what) => {
  expect(notes(line)).toMatch(what)
})

test.each([
  'npx -y pkg@1.2.3',
  'npx -y @a/b@1.2.3',
  'uvx tool==1.0',
  'docker run -i --rm a/b:1.2',
  'docker run -i localhost:5000/a@sha256:abc',
  'node /opt/x/server.js',
  'gatehouse:files /srv/data',
])('%s: nothing stands out', line => {
  expect(notes(line)).toBe('')
})

test('environment and address are looked at', () => {
  expect(notes('node', { env: { NODE_OPTIONS: '--require x' } })).toMatch(/changes what programs load/)
  expect(notes('node', { env: { GITHUB_TOKEN: 'ghp_x1' } })).toMatch(/\$\{secret:GITHUB_TOKEN\}/)
  expect(notes('node', { env: { API_KEY: '<YOUR_KEY>' } })).toMatch(/placeholder/)
  expect(notes('node', { env: { API_KEY: '${secret:K}', X: '${env:HOME}', Y: '${home}/x' } })).toBe('')
  expect(notes('node', { args: ['${workspaceFolder}'] })).toMatch(/handed on as it stands/)
  expect(notesOn({ url: 'http://a.example/', args: [], env: {}, headers: {} }).join()).toMatch(/not encrypted/)
  expect(notesOn({ url: 'http://localhost:3000/mcp', args: [], env: {}, headers: {} })).toEqual([])
})

test('no note repeats a value that may be a secret', () => {
  expect(
    notes('node', { env: { MY_TOKEN: 'hunter2hunter2' }, headers: { Authorization: 'Bearer hunter2hunter2' } }),
  ).not.toContain('hunter2')
})
