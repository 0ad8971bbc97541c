// npm's official clients: client.js TRANSPORT WHAT CONNECTION-STRING CA [MORE..]. Prints the result as JSON.
// TRANSPORT is mqtt, amqp or http for a device, and service for azure-iothub, which needs NODE_EXTRA_CA_CERTS.
'use strict';

const { readFileSync } = require('node:fs');

const [transport, what, connectionString, caFile, ...more] = process.argv.slice(2);
const ca = readFileSync(caFile, 'utf8');
const timer = setTimeout(() => done('timeout'), 30_000);

function done(outcome, error) {
  clearTimeout(timer);
  console.log(JSON.stringify({ transport, what, outcome, error }));
  process.exit(outcome === 'done' ? 0 : outcome === 'refused' ? 3 : 4);
}

function failed(error) {
  // the clients wrap the gateway's error, or return one of their own
  const told = error.amqpError ?? error;
  const words = told.condition ?? told.name;
  const refused = ['UnauthorizedError', 'amqp:unauthorized-access', 'DeviceNotFoundError'];
  done(refused.includes(words) ? 'refused' : 'error', `${words}: ${error.message}`);
}

const TRANSPORTS = {
  mqtt: () => require('azure-iot-device-mqtt').Mqtt,
  amqp: () => require('azure-iot-device-amqp').Amqp,
  http: () => require('azure-iot-device-http').Http,
};

async function device(use) {
  const { Client, ModuleClient, Message } = require('azure-iot-device');
  const { NoRetry } = require('azure-iot-common');
  const kind = connectionString.includes('ModuleId=') ? ModuleClient : Client;
  const client = kind.fromConnectionString(connectionString, TRANSPORTS[transport]());
  client.setRetryPolicy(new NoRetry());
  client.on('error', () => {});
  const options = { ca };
  if (connectionString.includes('x509=true')) {
    [options.cert, options.key] = more.map((file) => readFileSync(file, 'utf8'));
  }
  const set = client.setOptions(options);
  // over HTTP the client sets them at once, and never calls back
  if (transport !== 'http') await set;
  else await new Promise((resolve) => setTimeout(resolve, 100));
  await client.open();
  await use(client, Message);
  await client.close();
}

// sends three messages, the last one large, and waits for the acknowledgement of each
const telemetry = () => device(async (client, Message) => {
  for (const text of ['one', 'two', 'x'.repeat(200 * 1024)]) {
    const message = new Message(text);
    // over HTTP a property is a header, whose name has no space
    message.properties.add(transport === 'http' ? 'kv' : 'k v', 'a&b=c');
    await client.sendEvent(message);
  }
});

// waits for one message with the expected text
const listen = () => device((client) => new Promise((resolve, reject) => {
  client.on('message', (received) => {
    const text = received.getData().toString();
    client.complete(received, () => (text === more[0] ? resolve() : reject(new Error(`received ${text}`))));
  });
  // `run.sh` lets a service send when it reads this line
  setTimeout(() => console.error('listening'), 1_500);
}));

async function service(use) {
  const { Client } = require('azure-iothub');
  const { Message } = require('azure-iot-common');
  const client = Client.fromConnectionString(connectionString);
  await client.open();
  await use(client, Message);
  await client.close();
}

// sends one message to a device
const send = () => service((client, Message) => {
  const message = new Message(more[1]);
  message.properties.add('colour', 'light blue');
  return client.send(more[0], message);
});

// receives the feedback about a message to a device that listens
const feedback = () => service((client, Message) => new Promise((resolve, reject) => {
  client.getFeedbackReceiver((error, receiver) => {
    if (error) return reject(error);
    receiver.on('errorReceived', reject);
    receiver.on('message', (batch) => {
      const records = JSON.parse(batch.getData ? batch.getData().toString() : batch.data.toString());
      const record = records.find((one) => one.originalMessageId === 'node-1');
      if (record) (record.deviceId === more[0] && record.statusCode === 'Success' ? resolve : reject)(record);
    });
    const message = new Message(more[1]);
    message.ack = 'full';
    message.messageId = 'node-1';
    setTimeout(() => client.send(more[0], message).catch(reject), 1_000);
  });
}));

async function registry() {
  const { Registry } = require('azure-iothub');
  const registry = Registry.fromConnectionString(connectionString);
  await registry.create({ deviceId: 'dev7' });
  await registry.update({ deviceId: 'dev7', status: 'disabled' });
  const { responseBody } = await registry.get('dev7');
  if (responseBody.status !== 'disabled') throw new Error('not disabled');
  await registry.addDevices([{ deviceId: 'dev5' }, { deviceId: 'dev6' }]);
  await registry.removeDevices([{ deviceId: 'dev5' }, { deviceId: 'dev6' }], true);
  await registry.delete('dev7');
}

({ telemetry, listen, send, feedback, registry })[what]().then(() => done('done'), failed);
