//! A TCP proxy that a test cuts and mends.

use core::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A proxy on a port of its own. Its threads end with the test.
#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    target: Arc<AtomicU16>,
    cut: Arc<AtomicBool>,
    /// Raised each time the connections of before pass nothing more.
    stalls: Arc<AtomicU32>,
    /// The sockets of the connections that are open, by number.
    open: Arc<Mutex<BTreeMap<u64, TcpStream>>>,
}

impl Proxy {
    pub fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            target: Arc::new(AtomicU16::new(target)),
            cut: Arc::default(),
            stalls: Arc::default(),
            open: Arc::default(),
        };
        let own = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                own.pass(client);
            }
        });
        proxy
    }

    fn pass(&self, client: TcpStream) {
        if self.cut.load(Ordering::SeqCst) {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.target.load(Ordering::SeqCst))) else {
            return;
        };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let mut open = self.open.lock().unwrap();
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let number = open.last_key_value().map_or(0, |(last, _)| last + 1);
            open.insert(number, from.try_clone().unwrap());
            let ended = Arc::clone(&self.open);
            let (stalls, own) = (Arc::clone(&self.stalls), self.stalls.load(Ordering::SeqCst));
            std::thread::spawn(move || {
                let mut buffer = [0; 16 * 1024];
                while let Ok(count) = from.read(&mut buffer) {
                    if count > 0 && stalls.load(Ordering::SeqCst) != own {
                        continue;
                    }
                    if count == 0 || to.write_all(&buffer[..count]).is_err() {
                        break;
                    }
                }
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                ended.lock().unwrap().remove(&number);
            });
        }
    }

    /// Closes all connections, and refuses new ones.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Passes nothing more on the connections that are open, which stay so: as if the other machine were gone.
    pub fn stall(&self) {
        self.stalls.fetch_add(1, Ordering::SeqCst);
    }

    /// Passes connections on again, to this port.
    pub fn mend(&self, target: u16) {
        self.target.store(target, Ordering::SeqCst);
        self.cut.store(false, Ordering::SeqCst);
    }
}
