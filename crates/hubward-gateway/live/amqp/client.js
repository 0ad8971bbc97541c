// Runs one official client against a gateway, and prints the result as JSON on standard output. Needs azure-iot-device,
// azure-iot-device-amqp and azure-iothub; `run.sh` installs them.
'use strict';

const { readFileSync } = require('node:fs');

const [what, connectionString, caFile, ...more] = process.argv.slice(2);
const ca = readFileSync(caFile, 'utf8');
const timer = setTimeout(() => done('timeout'), 30_000);

function done(outcome, error) {
  clearTimeout(timer);
  console.log(JSON.stringify({ what, outcome, error }));
  process.exit(outcome === 'done' ? 0 : outcome === 'refused' ? 3 : 4);
}

function failed(error) {
  // the clients wrap the gateway's error, or return one of their own
  const told = error.amqpError ?? error;
  const words = told.condition ?? told.name;
  done(['UnauthorizedError', 'amqp:unauthorized-access'].includes(words) ? 'refused' : 'error', words);
}

async function device(use) {
  const { Client, Message } = require('azure-iot-device');
  const { Amqp } = require('azure-iot-device-amqp');
  const client = Client.fromConnectionString(connectionString, Amqp);
  await client.setOptions({ ca });
  if (connectionString.includes('x509=true')) {
    const [cert, key] = more.map((file) => readFileSync(file, 'utf8'));
    await client.setOptions({ cert, key });
  }
  await client.open();
  await use(client, Message);
  await client.close();
}

// sends three messages, the last one large, and waits for the acknowledgement of each
const telemetry = () => device(async (client, Message) => {
  for (const text of ['one', 'two', 'x'.repeat(200 * 1024)]) await client.sendEvent(new Message(text));
});

// waits for one message with the expected text
const listen = () => device((client) => new Promise((resolve, reject) => {
  client.on('message', (received) => {
    const text = received.getData().toString();
    client.complete(received, () => (text === more[0] ? resolve() : reject(new Error(`received ${text}`))));
  });
  // `run.sh` starts the service when it reads this line
  setTimeout(() => console.error('listening'), 1_000);
}));

// sends one message to dev1
async function command() {
  const { Client } = require('azure-iothub');
  const client = Client.fromConnectionString(connectionString);
  // the service's client has no option for a CA: NODE_EXTRA_CA_CERTS sets it
  await client.open();
  await client.send('dev1', more[0]);
  await client.close();
}

({ telemetry, listen, command })[what]().then(() => done('done'), failed);
