// Asks the policy about any call, without making it: who, which tool, with which arguments.
import { Button, Select } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { Decision, NewRule } from '../../../contract/policy.ts'
import type { Tool } from '../../../contract/servers.ts'
import { hub, problemFrom, useCall, useHub } from '../../hub.ts'
import { CopyButton, Foreign, JsonEditor, RiskMark, showProblem } from '../../ui/index.ts'
import css from './policy.module.css'
import { useClientOptions, useServerOptions } from './use-options.ts'

const words = { allow: 'It would run', ask: 'A person is asked', deny: 'It is denied' } as const

export function WhyPane({ onRule }: { onRule: (rule: NewRule) => void }) {
  const explain = useCall(hub.policy.explain)
  const [client, setClient] = useState<string | null>(null)
  const [server, setServer] = useState<string | null>(null)
  const [clients, servers] = [useClientOptions(client), useServerOptions(server)]
  const [tool, setTool] = useState<string | null>(null)
  const [args, setArgs] = useState('{}')
  const [decision, setDecision] = useState<Decision | null>(null)
  const tools = useTools(server)
  const ask = async () => {
    if (!server || !tool) return
    setDecision((await explain({ server, tool, arguments: args, ...(client ? { client } : {}) })) ?? null)
  }
  return (
    <div className={css.form}>
      <Select
        label="Client"
        placeholder="anyone"
        clearable
        searchable
        data={clients}
        value={client}
        onChange={setClient}
      />
      <Select
        label="Server"
        placeholder="Choose a server"
        searchable
        data={servers}
        value={server}
        onChange={value => {
          setServer(value)
          setTool(null)
          setDecision(null)
        }}
      />
      <Select
        label="Tool"
        placeholder={server ? 'Choose a tool' : 'Choose a server first'}
        searchable
        disabled={!server}
        data={tools.map(each => each.name)}
        value={tool}
        onChange={value => {
          setTool(value)
          setDecision(null)
        }}
      />
      <div className={css.label} aria-hidden="true">
        Arguments
      </div>
      <JsonEditor
        label="Arguments as JSON"
        value={args}
        onChange={setArgs}
        minHeight={76}
        maxHeight={180}
        onSubmit={() => void ask()}
      />
      <div>
        <Button disabled={!server || !tool} onClick={() => void ask()}>
          Ask the policy
        </Button>
      </div>
      {decision && (
        <div aria-live="polite">
          <div className={css.answer} data-effect={decision.effect}>
            <b>{words[decision.effect]}</b>
            {decision.rule ? (
              <Foreign
                text={`Rule ${/^\d+$/.test(decision.rule.id) ? '#' : ''}${decision.rule.id} decides.`}
                max={60}
              />
            ) : (
              'No rule of yours fits; the preset decides.'
            )}
          </div>
          <div style={{ marginBottom: 10 }}>
            <RiskMark risk={decision.risk} look="soft" />
          </div>
          <ul className={css.reasons}>
            {decision.reasons.map(reason => (
              <li key={reason}>
                <Foreign text={reason} max={300} />
              </li>
            ))}
          </ul>
          <div className={css.then}>
            <Button
              leftSection={<IconPlus size={14} />}
              onClick={() => server && tool && onRule({ effect: 'ask', ...(client ? { client } : {}), server, tool })}
            >
              Rule from this call…
            </Button>
            <CopyButton text={asCommand(server, tool, args, client)} label="Copy as command" />
          </div>
        </div>
      )}
    </div>
  )
}

/** The same question on the command line. */
function asCommand(server: string | null, tool: string | null, args: string, client: string | null): string {
  const quoted = [server, tool].map(word => quote(word ?? ''))
  return [
    'gatehouse policy explain',
    ...quoted,
    '--args',
    quote(args),
    ...(client ? ['--client', quote(client)] : []),
  ].join(' ')
}

const quote = (word: string) => (/^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

function useTools(server: string | null): Tool[] {
  const [tools, setTools] = useState<Tool[]>([])
  const live = useHub().kind === 'live'
  useEffect(() => {
    if (!server || !live) return setTools([])
    let current = true
    hub.servers.tools({ server }).then(
      found => current && setTools(found),
      error => current && showProblem(problemFrom(error)),
    )
    return () => {
      current = false
    }
  }, [server, live])
  return tools
}
