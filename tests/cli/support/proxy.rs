//! A proxy on loopback: CONNECT goes to one place whatever is asked for, plain requests are answered.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The proxy; its threads end with the test.
pub struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Leads every tunnel to this server.
    pub fn to(server: SocketAddr) -> Self {
        Self::start(Some(server))
    }

    /// Refuses every tunnel.
    pub fn refusing() -> Self {
        Self::start(None)
    }

    fn start(server: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || serve(client, server, &seen));
            }
        });
        Self { address, heads }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the proxy was asked, head by head.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(client: TcpStream, server: Option<SocketAddr>, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if !reader.read_line(&mut head).is_ok_and(|read| read > 0) {
            return;
        }
    }
    seen.lock().unwrap().push(head.clone());
    let mut writer = client;
    if !head.starts_with("CONNECT ") {
        let body = r#"{"kind":"ProjectList","page":1,"size":0,"total":0,"items":[]}"#;
        let _ = write!(
            writer,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        return;
    }
    let Some(server) = server else {
        let _ = writer
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        return;
    };
    let mut up = TcpStream::connect(server).unwrap();
    let mut down = up.try_clone().unwrap();
    writer.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
    let mut back = writer.try_clone().unwrap();
    let answers = thread::spawn(move || {
        let _ = std::io::copy(&mut down, &mut back);
        let _ = back.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut reader, &mut up);
    let _ = up.shutdown(Shutdown::Write);
    let _ = answers.join();
}
