// Runs one official client over WebSockets against a gateway, and prints the result as JSON on standard output. Needs
// azure-iot-device, azure-iot-device-mqtt and azure-iot-device-amqp; `run.sh` installs them.
'use strict';

const { readFileSync } = require('node:fs');
const { Client, Message } = require('azure-iot-device');

const [transport, what, connectionString, caFile, ...more] = process.argv.slice(2);
const ca = readFileSync(caFile, 'utf8');
const timer = setTimeout(() => done('timeout'), 30_000);

function done(outcome, error) {
  clearTimeout(timer);
  console.log(JSON.stringify({ transport, what, outcome, error }));
  process.exit(outcome === 'done' ? 0 : outcome === 'refused' ? 3 : 4);
}

function failed(error) {
  const told = error.amqpError ?? error;
  const words = told.condition ?? told.name;
  done(['UnauthorizedError', 'amqp:unauthorized-access'].includes(words) ? 'refused' : 'error', words);
}

async function device(use) {
  const protocol = { mqtt: () => require('azure-iot-device-mqtt').MqttWs, amqp: () => require('azure-iot-device-amqp').AmqpWs };
  const client = Client.fromConnectionString(connectionString, protocol[transport]());
  await client.setOptions({ ca });
  if (connectionString.includes('x509=true')) {
    const [cert, key] = more.map((file) => readFileSync(file, 'utf8'));
    await client.setOptions({ cert, key });
  }
  await client.open();
  await use(client);
  await client.close();
}

// sends three messages, the last one large, and waits for the acknowledgement of each
const telemetry = () => device(async (client) => {
  for (const text of ['one', 'two', 'x'.repeat(200 * 1024)]) await client.sendEvent(new Message(text));
});

// asks for the twin, and reports a property
const twin = () => device(async (client) => {
  const twin = await client.getTwin();
  if (twin.properties.desired.$version !== 1) throw new Error('not an empty twin');
  await new Promise((resolve, reject) => {
    twin.properties.reported.update({ colour: 'red' }, (error) => (error ? reject(error) : resolve()));
  });
});

({ telemetry, twin })[what]().then(() => done('done'), failed);
