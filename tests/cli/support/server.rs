//! A loopback server that answers by script and records what it was asked.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// `GET /credentials?page=1`: method and target below the base path.
    pub fn line(&self) -> String {
        format!(
            "{} {}",
            self.method,
            self.target.trim_start_matches("/api/ambient/v1")
        )
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// An answer with headers and a body.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Closes the connection without an answer.
    Close,
    /// Announces more than it sends, then closes.
    Cut { status: u16, body: Vec<u8> },
    /// Answers nothing for as long as the test runs.
    Hang,
    /// A chunked body that is then left open until the test ends, or cut off.
    Stream {
        content_type: String,
        body: Vec<u8>,
        held: bool,
    },
    /// Endless body, in chunks, until the client leaves.
    Endless,
}

/// A JSON answer.
pub fn json(status: u16, body: &Value) -> Reply {
    Reply::Answer {
        status,
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}

/// A list that is whole on its first page.
pub fn list(items: impl Into<Value>) -> Reply {
    let items = items.into();
    let count = items.as_array().unwrap().len();
    json(
        200,
        &serde_json::json!({"kind": "List", "page": 1, "size": count, "total": count, "items": items}),
    )
}

/// A server where every list is empty.
pub fn nothing() -> Scripted {
    Scripted::with(|_| list([Value::Null; 0]))
}

/// An answer with raw bytes.
pub fn raw(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
    Reply::Answer {
        status,
        headers: vec![("Content-Type", content_type.to_owned())],
        body: body.into(),
    }
}

/// An error in the platform's form.
pub fn error(status: u16, code: &str, reason: &str) -> Reply {
    json(
        status,
        &serde_json::json!({"kind": "Error", "code": code, "reason": reason, "operation_id": "op-1"}),
    )
}

/// Decides the reply to a request.
pub type Handler = Box<dyn Fn(&Received) -> Reply + Send + Sync>;

struct Shared {
    handler: Handler,
    received: Mutex<Vec<Received>>,
    stopping: AtomicBool,
    stopped: (Mutex<bool>, Condvar),
}

impl Shared {
    fn wait_for_the_end(&self) {
        let mut stopped = self.stopped.0.lock().unwrap();
        while !*stopped {
            stopped = self.stopped.1.wait(stopped).unwrap();
        }
    }
}

/// The server; it ends when dropped.
pub struct Scripted {
    url: String,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Scripted {
    /// Answers in the order given; after the last one with 599.
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let queue = Mutex::new(replies.into_iter().collect::<VecDeque<_>>());
        Self::with(move |_| {
            queue
                .lock()
                .unwrap()
                .pop_front()
                .unwrap_or_else(|| raw(599, "text/plain", "the script is over"))
        })
    }

    /// Answers each request with what the function says.
    pub fn with(handler: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            received: Mutex::default(),
            stopping: AtomicBool::new(false),
            stopped: (Mutex::new(false), Condvar::new()),
        });
        let acceptor = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                for connection in listener.incoming().flatten() {
                    if shared.stopping.load(Ordering::SeqCst) {
                        return;
                    }
                    let shared = Arc::clone(&shared);
                    std::thread::spawn(move || serve(connection, &shared));
                }
            })
        };
        Self {
            url,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// The base URL for `--api-url`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was asked so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// The same as lines: `GET /credentials?page=1`.
    pub fn lines(&self) -> Vec<String> {
        self.received().iter().map(Received::line).collect()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        *self.shared.stopped.0.lock().unwrap() = true;
        self.shared.stopped.1.notify_all();
        // One more connection wakes the acceptor.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// Reads requests from a connection until it ends or a reply ends it.
fn serve(connection: TcpStream, shared: &Shared) {
    // Head and body are two writes: the second must not wait for the first one's receipt.
    let _ = connection.set_nodelay(true);
    let Ok(mut writer) = connection.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(connection);
    while let Some(request) = read_request(&mut reader) {
        shared.received.lock().unwrap().push(request.clone());
        match (shared.handler)(&request) {
            Reply::Answer {
                status,
                headers,
                body,
            } => {
                let mut head = format!(
                    "HTTP/1.1 {status} Scripted\r\nContent-Length: {}\r\n",
                    body.len()
                );
                for (key, value) in headers {
                    head.push_str(&format!("{key}: {value}\r\n"));
                }
                if writer
                    .write_all(format!("{head}\r\n").as_bytes())
                    .and_then(|()| writer.write_all(&body))
                    .is_err()
                {
                    return;
                }
            }
            Reply::Close => return,
            Reply::Cut { status, body } => {
                let head = format!(
                    "HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    body.len() + 100
                );
                let _ = writer
                    .write_all(head.as_bytes())
                    .and_then(|()| writer.write_all(&body));
                return;
            }
            Reply::Hang => return shared.wait_for_the_end(),
            Reply::Stream {
                content_type,
                body,
                held,
            } => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
                    body.len()
                );
                let sent = writer
                    .write_all(head.as_bytes())
                    .and_then(|()| writer.write_all(&body))
                    .and_then(|()| writer.write_all(b"\r\n"));
                if held && sent.is_ok() {
                    shared.wait_for_the_end();
                }
                return;
            }
            Reply::Endless => {
                let chunk = vec![b' '; 65_536];
                let mut sent = writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
                while sent.is_ok() && !shared.stopping.load(Ordering::SeqCst) {
                    sent = writer
                        .write_all(b"10000\r\n")
                        .and_then(|()| writer.write_all(&chunk))
                        .and_then(|()| writer.write_all(b"\r\n"));
                }
                return;
            }
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (key, value) = line.split_once(':')?;
        headers.push((key.to_owned(), value.trim().to_owned()));
    }
    let length = headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received {
        method,
        target,
        headers,
        body,
    })
}
