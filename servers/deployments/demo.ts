// The demo that comes along: some made-up services, and deployments that only count time. The same order ends the same way.
import { Failure } from '../kit/failure.ts'
import { change, type State } from '../kit/state.ts'
import { type Backend, noService, notConfigured, type Order, type Run, type Service } from './backend.ts'

const STEPS = ['Fetch the image', 'Run the checks', 'Change the database', 'Roll out', 'Watch its health']
/** Versions with this in them fail at the last step. */
const BROKEN = 'broken'
const WORLD = 'demo-world'

interface DemoRun extends Order {
  startedAt: number
  cancelledAt?: number
}
interface World {
  services: Record<string, Service>
  runs: DemoRun[]
}

export class DemoBackend implements Backend {
  readonly kind = 'demo'
  readonly #state: State
  readonly #lastsMs: number
  readonly #now: () => number

  constructor(state: State, lastsMs: number, now: () => number) {
    this.#state = state
    this.#lastsMs = lastsMs
    this.#now = now
  }

  async services(): Promise<string[]> {
    return Object.keys((await this.#world()).services).toSorted()
  }

  async service(name: string): Promise<Service> {
    const found = (await this.#world()).services[name]
    if (!found) throw noService(name)
    return found
  }

  async begin(order: Order): Promise<void> {
    await this.#change(world => {
      if (world.runs.some(run => run.id === order.id)) return world
      const other = world.runs.find(run => isSamePlace(run, order) && this.#runOf(run).state === 'running')
      if (other) throw new Failure('conflict', `${order.service} is being deployed already.`, 'Wait for its end.')
      const service = world.services[order.service]
      if (!service) throw noService(order.service)
      if (!service.environments[order.environment]) throw notConfigured(service, order.environment)
      return { ...world, runs: [...world.runs, { ...order, startedAt: this.#now() }].slice(-500) }
    })
  }

  async run(id: string): Promise<Run | null> {
    const found = (await this.#world()).runs.find(run => run.id === id)
    return found ? this.#runOf(found) : null
  }

  async cancel(id: string): Promise<void> {
    await this.#change(world => {
      const stops = (run: DemoRun) => run.id === id && this.#runOf(run).state === 'running'
      return { ...world, runs: world.runs.map(run => (stops(run) ? { ...run, cancelledAt: this.#now() } : run)) }
    })
  }

  async remove(service: string): Promise<void> {
    await this.#change(world => {
      if (!world.services[service]) throw noService(service)
      const { [service]: _, ...services } = world.services
      return { ...world, services }
    })
  }

  /** With what has ended by now. */
  async #world(): Promise<World> {
    const held = await this.#state.read(WORLD, 'all')
    return this.#settled((held?.value as World | undefined) ?? { services: SERVICES, runs: [] })
  }

  async #change(next: (world: World) => World): Promise<void> {
    await change<World>(this.#state, WORLD, 'all', before =>
      next(this.#settled(before ?? { services: SERVICES, runs: [] })),
    )
  }

  #settled(world: World): World {
    const services = structuredClone(world.services)
    for (const run of world.runs) {
      const place = services[run.service]?.environments[run.environment]
      if (!place || place.version === run.version || this.#runOf(run).state !== 'succeeded') continue
      if (isLast(run, world.runs, other => this.#runOf(other).state === 'succeeded')) {
        place.previous = place.version
        place.version = run.version
      }
    }
    return { ...world, services }
  }

  #runOf({ id, kind, service, environment, version, startedAt, cancelledAt }: DemoRun): Run {
    // Clocks are set back at times.
    const passed = Math.max(0, (cancelledAt ?? this.#now()) - startedAt)
    const done =
      this.#lastsMs === 0 ? STEPS.length : Math.min(STEPS.length, Math.floor((passed / this.#lastsMs) * STEPS.length))
    const fails = version.includes(BROKEN) && done === STEPS.length
    const lines = [`Demo: ${kind} of ${service} ${version} to ${environment} (${id})`]
    for (const [n, step] of STEPS.slice(0, done).entries())
      lines.push(`${step}: ${fails && n === STEPS.length - 1 ? 'failed' : 'done'}`)
    if (done < STEPS.length && cancelledAt === undefined) lines.push(`${STEPS[done]} …`)
    const progress = (done / STEPS.length) * 100
    if (cancelledAt !== undefined && done < STEPS.length)
      return { state: 'cancelled', progress, message: 'Cancelled', lines: [...lines, 'Cancelled'] }
    if (done < STEPS.length) return { state: 'running', progress, message: STEPS[done]!, lines }
    if (fails) return { state: 'failed', progress, message: 'It was not healthy after the roll-out', lines }
    return { state: 'succeeded', progress: 100, message: 'Done', lines }
  }
}

const isSamePlace = (one: Order, other: Order) => one.service === other.service && one.environment === other.environment

function isLast(run: DemoRun, runs: readonly DemoRun[], counts: (run: DemoRun) => boolean): boolean {
  return runs.findLast(one => isSamePlace(one, run) && counts(one)) === run
}

const place = (version: string | null, previous: string | null, healthy = true) => ({ version, previous, healthy })

const SERVICES: Record<string, Service> = {
  checkout: {
    name: 'checkout',
    accepts: '>=2.0.0 <3.0.0',
    dependencies: [
      { service: 'payments', range: '^1.4.0' },
      { service: 'ledger', range: '>=3.0.0' },
    ],
    environments: {
      development: place('2.4.0', '2.3.1'),
      staging: place('2.3.1', '2.3.0'),
      production: place('2.3.0', '2.2.4'),
    },
  },
  payments: {
    name: 'payments',
    accepts: '^1.0.0',
    dependencies: [{ service: 'ledger', range: '>=3.0.0' }],
    environments: {
      development: place('1.5.0', '1.4.2'),
      staging: place('1.4.2', '1.4.1'),
      production: place('1.4.2', '1.4.1'),
    },
  },
  ledger: {
    name: 'ledger',
    accepts: '*',
    dependencies: [],
    environments: {
      development: place('3.1.0', '3.0.2'),
      staging: place('3.0.2', '3.0.1'),
      production: place('3.0.2', '3.0.1'),
    },
  },
  recommendations: {
    name: 'recommendations',
    accepts: '*',
    dependencies: [],
    environments: { development: place('0.9.0', null), staging: place('0.8.3', '0.8.2', false) },
  },
  storefront: {
    name: 'storefront',
    accepts: '>=5.0.0',
    dependencies: [
      { service: 'checkout', range: '^2.0.0' },
      { service: 'recommendations', range: '>=0.8.0' },
    ],
    environments: {
      development: place('5.2.0', '5.1.0'),
      staging: place('5.1.0', '5.0.3'),
      production: place(null, null),
    },
  },
}
