// Who Gatehouse defends against, and what it does not stop; the same table as in SECURITY.md.
import { Box, Section } from '../../ui/index.ts'
import css from './settings.module.css'

const rows = [
  [
    'An AI client or agent, through MCP, also one that was told what to do by a text it read',
    'Nothing destructive runs before you allowed it here; everything is recorded; your credentials stay in the keychain',
    'What a rule of yours, or you, allowed',
  ],
  [
    'An agent with a shell, running as you, that uses Gatehouse’s own commands and files',
    'Allowing, pairing, loosening, giving credentials to servers: each needs this window or the PIN, and leaves a record',
    'Reading the keychain or a server’s environment, driving your screen, starting a server without Gatehouse, deleting its data',
  ],
  [
    'A server that means harm',
    'Lying marks, changed tools, hostile text, floods, forms that fish for passwords',
    'It is a program with your rights: see the row above',
  ],
  ['A web page', 'Everything, also from another port of this computer', ''],
  ['Another user of this computer', 'Sockets, pipes, files, pairing links and listeners are closed to them', 'Root'],
] as const

export function Defence() {
  return (
    <Section title="Who this defends against" fact="about calls that go through Gatehouse, and no others">
      <Box>
        <table className={css.defend}>
          <thead>
            <tr>
              <th>From whom</th>
              <th>Stopped</th>
              <th>Not stopped</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([who, stopped, not]) => (
              <tr key={who}>
                <td>{who}</td>
                <td>{stopped}</td>
                <td>{not || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Box>
    </Section>
  )
}
