// What lower floors tell upper ones: facts that are already true. Nothing waits for an answer.
import { EventEmitter } from 'node:events'
import type { AuditRow } from '../contract/audit.ts'
import type { WireFrame } from '../contract/calls.ts'

/** Every announcement and what it carries. A noun alone means: ask again for that noun. */
export interface Announcements {
  'servers/changed': [server: string]
  /** Tools, prompts or resources of this server differ from the listing before. */
  'servers/listing-changed': [server: string]
  'approvals/changed': [id: string]
  /** A new question waits: notifications hang on this. */
  'approvals/asked': [id: string]
  'questions/changed': [id: string]
  /** A server asks something new of the person: notifications hang on this. */
  'questions/asked': [id: string]
  'proposals/changed': []
  'policy/changed': []
  'clients/changed': []
  /** A person took its token away: what was opened with one that is good no more ends. */
  'clients/token-ended': [place: string]
  /** What this client is shown is another. */
  'profiles/changed': [client: string]
  /** What tools cost is known better now. */
  'tokens/counted': []
  'links/changed': []
  'secrets/changed': []
  'vault/changed': []
  'config/changed': []
  'windows/changed': []
  'audit/changed': []
  'metrics/changed': []
  'audit/appended': [rows: AuditRow[]]
  'wire/frames': [frames: WireFrame[]]
}

/** One per hub; handed to each part when it is opened. */
export class Announcer extends EventEmitter<Announcements> {
  constructor() {
    super()
    this.setMaxListeners(0)
  }
}
