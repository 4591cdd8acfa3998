// AWS through its SDK: a client for each service and region, made when first needed; each call says which right it takes.
import type { CloudWatch } from '@aws-sdk/client-cloudwatch'
import type { EC2 } from '@aws-sdk/client-ec2'
import type { S3 } from '@aws-sdk/client-s3'
import type { STS } from '@aws-sdk/client-sts'
import { LRUCache } from 'lru-cache'
import { Upstream } from '../kit/upstream.ts'
import { CredentialProcess } from './credential-process.ts'
import { inWords, readProblem, unreadable } from './problems.ts'

interface Clients {
  cloudwatch: CloudWatch
  ec2: EC2
  s3: S3
  sts: STS
}
type Service = keyof Clients

const NAMES: Record<Service, string> = { cloudwatch: 'CloudWatch', ec2: 'EC2', s3: 'S3', sts: 'STS' }

/** Milliseconds. The SDK asks again by itself, with backoff and jitter. */
const HTTP = { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true }
const TRIES = 4

/** A program for credentials is given up before the call is. */
const PROGRAM_MS = 10_000
/** There are about forty regions; what is asked for may be anything. */
const MOST_CLIENTS = 50

export interface AwsPlace {
  region: string | undefined
  endpoint: string | undefined
  /** Those of the settings, which come before all others. */
  keys?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined
  /** Of one run of a program for credentials; for tests. */
  deadline?: () => AbortSignal
}

export class Aws {
  readonly #place: AwsPlace
  readonly #clients = new LRUCache<string, Promise<Clients[Service]>>({ max: MOST_CLIENTS })
  /** One that is down, or is no region, says nothing of the others. */
  readonly #upstreams = new LRUCache<string, Upstream>({ max: MOST_CLIENTS })
  readonly #program: CredentialProcess

  constructor(place: AwsPlace) {
    this.#place = place
    this.#program = new CredentialProcess(place.deadline ?? (() => AbortSignal.timeout(PROGRAM_MS)))
  }

  /** Throws Failure. `right`: as IAM names what this call takes; its first part is the service. */
  async ask<S extends Service, T>(
    right: `${S}:${string}`,
    { region, signal }: { region?: string | undefined; signal: AbortSignal },
    work: (client: Clients[S], options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const service = right.slice(0, right.indexOf(':')) as S
    return this.#upstream(service, region).ask(async () => {
      try {
        return await work(await this.client(service, region), { abortSignal: signal })
      } catch (error) {
        throw inWords(error, right, this.#program.problem) ?? error
      }
    }, signal)
  }

  async client<S extends Service>(service: S, region: string | undefined): Promise<Clients[S]> {
    const key = `${service} ${region ?? ''}`
    const client = this.#clients.get(key) ?? this.#make(service, region)
    this.#clients.set(key, client)
    try {
      return (await client) as Clients[S]
    } catch (error) {
      // The next call tries anew.
      if (this.#clients.peek(key) === client) this.#clients.delete(key)
      throw error
    }
  }

  #upstream(service: Service, region: string | undefined): Upstream {
    const key = `${service} ${region ?? ''}`
    const known = this.#upstreams.get(key)
    if (known) return known
    const name = NAMES[service]
    const upstream = new Upstream({
      name,
      read: readProblem,
      inWords: (error, problem) => unreadable(name, error, problem),
      tries: 1,
    })
    this.#upstreams.set(key, upstream)
    return upstream
  }

  async #make(service: Service, asked: string | undefined): Promise<Clients[Service]> {
    const region = asked ?? this.#place.region
    const { endpoint, keys } = this.#place
    await this.#program.install()
    // Got once for all of them.
    const credentials =
      keys ?? (service === 'sts' ? undefined : (await this.client('sts', undefined)).config.credentials)
    const config = {
      ...(credentials ? { credentials } : {}),
      maxAttempts: TRIES,
      requestHandler: HTTP,
      ...(region ? { region } : {}),
      ...(endpoint ? { endpoint } : {}),
    }
    switch (service) {
      case 'cloudwatch':
        return new (await import('@aws-sdk/client-cloudwatch')).CloudWatch(config)
      case 'ec2':
        return new (await import('@aws-sdk/client-ec2')).EC2(config)
      case 's3':
        // Buckets may live in other regions; a stand-in has no host name for each.
        return new (await import('@aws-sdk/client-s3')).S3({
          ...config,
          followRegionRedirects: true,
          forcePathStyle: endpoint !== undefined,
        })
      case 'sts':
        return new (await import('@aws-sdk/client-sts')).STS(config)
    }
  }
}
