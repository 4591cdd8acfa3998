// What a launch is made of, as term and value: each argument, its folder, its environment.
import type { Launch } from '../../../contract/servers.ts'
import { Foreign, Mono } from '../../ui/index.ts'
import css from './servers.module.css'

export function AgreementFacts({ launch }: { launch: Launch }) {
  const env = Object.entries(launch.env)
  const headers = Object.entries(launch.headers)
  return (
    <dl className={css.facts}>
      {launch.url !== undefined && <Fact term="Address" values={[launch.url]} />}
      {launch.command !== undefined && <Fact term="Program" values={[launch.command]} />}
      {launch.args.length > 0 && <Fact term="Arguments" values={launch.args} />}
      {launch.command !== undefined && (
        <>
          <dt>Folder</dt>
          <dd>{launch.cwd ? <Mono>{launch.cwd}</Mono> : 'your home folder'}</dd>
          <dt>Environment</dt>
          <dd>
            {env.map(([name, value]) => (
              <div key={name}>
                <Mono>
                  <Foreign text={`${name}=${value}`} />
                </Mono>
              </div>
            ))}
            {env.length > 0 ? 'and your PATH, HOME and LANG' : 'your PATH, HOME and LANG, no credentials'}
          </dd>
        </>
      )}
      {headers.length > 0 && <Fact term="Headers" values={headers.map(([name, value]) => `${name}: ${value}`)} />}
    </dl>
  )
}

function Fact({ term, values }: { term: string; values: string[] }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>
        {values.map((value, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an argument is its place
          <div key={at}>
            <Mono>
              <Foreign text={value} max={2_000} />
            </Mono>
          </div>
        ))}
      </dd>
    </>
  )
}
