// The least a server can be: each line's id comes back with an empty result. What two pipes and one JSON.parse cost.
let rest = ''
process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) {
    const { id } = JSON.parse(line) as { id?: number }
    if (id !== undefined) process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{}}\n`)
  }
})
process.stdin.on('end', () => process.exit(0))
