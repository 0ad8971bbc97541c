// Registers one device with npm's official clients and connects it to its hub: provisioning.js TRANSPORT CASE. Prints
// `connected` or `refused`. TRANSPORT is mqtt, mqtt-ws, amqp, amqp-ws or http; with `service` the second word is a connection
// string, and enrollments are managed. The cases are in the current folder, and NODE_EXTRA_CA_CERTS has the server's issuer.
'use strict';

const assert = require('node:assert');
const { readFileSync } = require('node:fs');

const [transport, what] = process.argv.slice(2);
setTimeout(() => done('timeout'), 30_000);

function done(outcome) {
  console.log(outcome);
  process.exit(['connected', 'refused'].includes(outcome) ? 0 : 4);
}

function failed(error) {
  // the clients wrap the gateway's error, or return one of their own
  const told = error.amqpError ?? error;
  const words = [told.condition, told.name, error.name];
  const refused = ['UnauthorizedError', 'amqp:unauthorized-access'].some((word) => words.includes(word));
  const status = [401, 403].includes(error.response?.statusCode);
  // the client loses the outcome of SASL: it attaches a link to the connection that the gateway closed
  const sasl = transport.startsWith('amqp') && error.name === 'NotConnectedError';
  const all = refused || status || sasl || /not authorized/i.test(error.message);
  if (!all) console.error(error);
  done(all ? 'refused' : 'failed');
}

const TRANSPORTS = {
  mqtt: () => [require('azure-iot-provisioning-device-mqtt').Mqtt, require('azure-iot-device-mqtt').Mqtt],
  'mqtt-ws': () => [require('azure-iot-provisioning-device-mqtt').MqttWs, require('azure-iot-device-mqtt').MqttWs],
  amqp: () => [require('azure-iot-provisioning-device-amqp').Amqp, require('azure-iot-device-amqp').Amqp],
  'amqp-ws': () => [require('azure-iot-provisioning-device-amqp').AmqpWs, require('azure-iot-device-amqp').AmqpWs],
  http: () => [require('azure-iot-provisioning-device-http').Http, require('azure-iot-device-http').Http],
};

/** A credential of which only a token is left. */
class Replayed {
  constructor(registration, token) {
    this.getRegistrationId = (callback) => callback(null, registration);
    this.createSharedAccessSignature = (_scope, callback) => callback(null, token);
  }
}

async function device() {
  const { ProvisioningDeviceClient } = require('azure-iot-provisioning-device');
  const { SymmetricKeySecurityClient } = require('azure-iot-security-symmetric-key');
  const { X509Security } = require('azure-iot-security-x509');
  const one = JSON.parse(readFileSync('cases.json', 'utf8'))[what];
  const ca = readFileSync('server.pem', 'utf8');
  let x509;
  if (one.certificate) {
    const [cert, key] = ['pem', 'key'].map((end) => readFileSync(`${one.certificate}.${end}`, 'utf8'));
    x509 = { cert, key };
  }
  let security = new SymmetricKeySecurityClient(one.registration, one.key);
  if (x509) security = new X509Security(one.registration, x509);
  if (one.token) {
    // the client takes another path for what is no client of its own
    security = Object.assign(security, new Replayed(one.registration, one.token));
  }
  const [Provisioning, Hub] = TRANSPORTS[transport]();
  const client = ProvisioningDeviceClient.create('localhost', one.scope, new Provisioning(), security);
  const state = await client.register();
  assert.strictEqual(state.status, 'assigned');

  const { Client, Message } = require('azure-iot-device');
  const { NoRetry } = require('azure-iot-common');
  const named = `HostName=${state.assignedHub};DeviceId=${state.deviceId};`;
  const own = Client.fromConnectionString(named + (x509 ? 'x509=true' : `SharedAccessKey=${one.key}`), Hub);
  own.setRetryPolicy(new NoRetry());
  own.on('error', () => {});
  const set = own.setOptions({ ca, ...x509 });
  // over HTTP the client sets them at once, and never calls back
  if (transport !== 'http') await set;
  else await new Promise((resolve) => setTimeout(resolve, 100));
  await own.open();
  await own.sendEvent(new Message('hello'));
}

async function service() {
  const { ProvisioningServiceClient } = require('azure-iot-provisioning-service');
  const client = ProvisioningServiceClient.fromConnectionString(what);
  const answer = async (promise) => (await promise).responseBody;
  const symmetric = { type: 'symmetricKey' };
  // what an interrupted run left behind
  for (const id of ['sn-node', 'sn-bulk']) await client.deleteIndividualEnrollment(id).catch(() => {});
  await client.deleteEnrollmentGroup('of-node').catch(() => {});
  const one = await answer(client.createOrUpdateIndividualEnrollment({ registrationId: 'sn-node', attestation: symmetric }));
  assert.ok(one.etag);
  const changed = await answer(client.createOrUpdateIndividualEnrollment({ ...one, provisioningStatus: 'disabled' }));
  assert.strictEqual(changed.provisioningStatus, 'disabled');
  await assert.rejects(client.createOrUpdateIndividualEnrollment(one), 'an old etag');
  const keys = await answer(client.getIndividualEnrollmentAttestationMechanism('sn-node'));
  assert.ok(keys.symmetricKey.primaryKey);
  await client.createOrUpdateEnrollmentGroup({ enrollmentGroupId: 'of-node', attestation: symmetric });
  const group = await answer(client.getEnrollmentGroupAttestationMechanism('of-node'));
  assert.ok(group.symmetricKey.primaryKey);
  const query = client.createIndividualEnrollmentQuery({ query: 'SELECT * FROM enrollments' }, 100);
  const found = await answer(query.next());
  assert.ok(found.some((enrollment) => enrollment.registrationId === 'sn-node'));
  const state = await answer(client.getDeviceRegistrationState('sn-key'));
  assert.strictEqual(state.deviceId, 'pump-1');
  const bulk = { mode: 'create', enrollments: [{ registrationId: 'sn-bulk', attestation: symmetric }] };
  // the client's promise for this one never settles
  const done = await new Promise((resolve, reject) => {
    client.runBulkEnrollmentOperation(bulk, (error, result) => (error ? reject(error) : resolve(result)));
  });
  assert.ok(done.isSuccessful);
  await client.deleteIndividualEnrollment('sn-bulk');
  await client.deleteIndividualEnrollment('sn-node');
  await client.deleteEnrollmentGroup('of-node');
}

(transport === 'service' ? service() : device()).then(() => done('connected'), failed);
