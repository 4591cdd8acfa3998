// What a server offers: tools with risk, policy and tokens; resources; prompts. Their words are shown as theirs.
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import type { Listing, Server, Tool } from '../../../contract/servers.ts'
import {
  Box,
  count,
  EffectMark,
  Foreign,
  Mono,
  Problem,
  RiskMark,
  RowsSkeleton,
  Section,
  tokens,
} from '../../ui/index.ts'
import css from './servers.module.css'
import type { LiveListing } from './use-listing.ts'

interface OffersProps {
  server: Server
  live: LiveListing
}

/** Draws a listing, or says why there is none. */
function Listed({ live, children }: { live: LiveListing; children: (listing: Listing) => ReactNode }) {
  switch (live.kind) {
    case 'loading':
      return <RowsSkeleton rows={4} height={30} />
    case 'failed':
      return <Problem error={live.error} />
    case 'unknown':
      return (
        <Section title="Tools">
          <Box>
            <div style={{ padding: '10px 12px' }} className={css.hint}>
              Its tools are known after the first start.
            </div>
          </Box>
        </Section>
      )
    case 'ready':
      return children(live.listing)
  }
}

export const ToolsTab = (props: OffersProps) => <ToolsTable {...props} first={500} />

export function ToolsTable({ server, live, first }: OffersProps & { first: number }) {
  const [shown, setShown] = useState(first)
  return (
    <Listed live={live}>
      {({ tools, warnings }) => (
        <Section
          title="Tools"
          fact={`${count(tools.length)}, about ${tokens(tools.reduce((sum, tool) => sum + tool.tokens, 0))} tokens in each client’s context`}
        >
          <Box>
            <table className={css.tools}>
              <thead>
                <tr>
                  <th style={{ width: '26%' }}>Name</th>
                  <th>What it says it does</th>
                  <th style={{ width: 104 }}>Risk</th>
                  <th style={{ width: 76 }}>Policy</th>
                  <th style={{ width: 76 }} className={css.number}>
                    Tokens
                  </th>
                </tr>
              </thead>
              <tbody>
                {tools.slice(0, shown).map(tool => (
                  <ToolRow key={tool.name} tool={tool} server={server} />
                ))}
              </tbody>
            </table>
            {tools.length > shown && (
              <button type="button" className={css.more} onClick={() => setShown(shown + 500)}>
                Show {Math.min(500, tools.length - shown)} more
              </button>
            )}
            {tools.length === 0 && (
              <div style={{ padding: '10px 12px' }} className={css.hint}>
                It offers no tools.
              </div>
            )}
            {warnings.map(warning => (
              <div key={warning} style={{ padding: '8px 12px' }} className={css.hint}>
                {warning}
              </div>
            ))}
          </Box>
        </Section>
      )}
    </Listed>
  )
}

function ToolRow({ tool, server }: { tool: Tool; server: Server }) {
  const says = typeof tool.definition.description === 'string' ? tool.definition.description : ''
  return (
    <tr>
      <td title={tool.name}>
        <Link to="/inspector" search={{ server: server.name, tool: tool.name }}>
          <Foreign text={tool.name} max={120} />
        </Link>
      </td>
      <td className={css.says} title={says.slice(0, 600)}>
        {tool.findings.length > 0 && (
          <span className={css.finding}>
            <Foreign text={tool.findings[0]!.what} max={120} />{' '}
          </span>
        )}
        <Foreign text={says.slice(0, 160)} />
      </td>
      <td>
        <RiskMark risk={tool.risk} />
      </td>
      <td>{tool.held ? <span className={css.amber}>held back</span> : <EffectMark effect={tool.effect} />}</td>
      <td className={css.number}>{count(tool.tokens)}</td>
    </tr>
  )
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function Offers({
  title,
  rows,
  none,
}: {
  title: string
  none: string
  rows: { name: string; says: string; kind: string }[]
}) {
  return (
    <Section title={title} count={rows.length}>
      <Box>
        {rows.length === 0 ? (
          <div style={{ padding: '10px 12px' }} className={css.hint}>
            {none}
          </div>
        ) : (
          <table className={css.tools}>
            <tbody>
              {rows.slice(0, 1000).map(row => (
                <tr key={row.name}>
                  <td style={{ width: '40%' }} title={row.name}>
                    <Mono>
                      <Foreign text={row.name} max={200} />
                    </Mono>
                  </td>
                  <td className={css.says}>
                    <Foreign text={row.says.slice(0, 200)} />
                  </td>
                  <td style={{ width: 160 }} className={css.says}>
                    <Foreign text={row.kind} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Box>
    </Section>
  )
}

export function ResourcesTab({ live }: OffersProps) {
  return (
    <Listed live={live}>
      {({ resources, resourceTemplates }) => (
        <>
          <Offers
            title="Resources"
            none="It offers no resources."
            rows={resources.map(r => ({ name: r.uri, says: text(r.name), kind: text(r.mimeType) }))}
          />
          {resourceTemplates.length > 0 && (
            <Offers
              title="Templates"
              none=""
              rows={resourceTemplates.map(r => ({ name: r.uriTemplate, says: text(r.name), kind: text(r.mimeType) }))}
            />
          )}
        </>
      )}
    </Listed>
  )
}

export function PromptsTab({ live }: OffersProps) {
  return (
    <Listed live={live}>
      {({ prompts }) => (
        <Offers
          title="Prompts"
          none="It offers no prompts."
          rows={prompts.map(p => ({ name: p.name, says: text(p.description), kind: '' }))}
        />
      )}
    </Listed>
  )
}
