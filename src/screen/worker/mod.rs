//! The requests of the screen, on a thread of its own. The screen never waits for it.
//!
//! All work for a page ends when the page is left, and all work ends when another connection is made. A request that
//! changes something is never cut off: its answer is reported even if the page is gone.

mod join;
mod lists;
mod load;
mod send;
mod shared;
mod watch;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::mpsc::SyncSender;
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, LocalSet, spawn_local};

use super::connection;
use super::effect::{Effect, Fetch};
use super::event::{Answer, Event, Fault};
use crate::api::{Client, Request};
use crate::env;
use crate::globals::Globals;
use crate::resources::Record;
use crate::secret_file;
use shared::{Shared, fault, limited};

/// The threads for name servers and the embedded API.
const BLOCKING_THREADS: usize = 4;

/// The thread that does the requests.
pub(super) struct Worker {
    orders: UnboundedSender<Effect>,
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(super) fn start(
        client: Client,
        globals: Globals,
        events: SyncSender<Event>,
    ) -> std::io::Result<Self> {
        let (orders, received) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .build()?;
        thread::Builder::new()
            .name("requests".to_owned())
            .spawn(move || {
                serve(&runtime, client, &globals, received, &events);
                runtime.shutdown_background();
            })?;
        Ok(Self { orders })
    }

    /// Orders work. The queue is not limited, because each order follows from a key or a tick.
    pub(super) fn order(&self, effect: Effect) {
        let _ = self.orders.send(effect);
    }
}

/// Does all orders with one client after another.
fn serve(
    runtime: &tokio::runtime::Runtime,
    mut client: Client,
    globals: &Globals,
    mut orders: UnboundedReceiver<Effect>,
    events: &SyncSender<Event>,
) {
    // The context that was chosen last; a new login is looked for there.
    let mut chosen: Option<String> = None;
    loop {
        let shared = Shared {
            client: Rc::new(client),
            events: events.clone(),
            names: Rc::default(),
        };
        let local = LocalSet::new();
        let next = local.block_on(runtime, take_orders(&shared, globals, &mut orders));
        let name = match next {
            Next::End => return,
            Next::Again => chosen.clone(),
            Next::Context(name) => Some(name),
        };
        // Until the other connection stands, the tasks of this one rest; they end with it.
        match connection::again(globals, name.as_deref()) {
            Ok(connection) => {
                chosen = name;
                client = connection.client;
                drop(local);
                if shared.tell(Answer::Connected(connection.about)).is_err() {
                    return;
                }
            }
            Err(error) => {
                let fault = Fault::new(format!("{error:#}"));
                if shared.tell(Answer::Unconnected(fault)).is_err() {
                    return;
                }
                drop(local);
                client = match Rc::try_unwrap(shared.client) {
                    Ok(client) => client,
                    Err(_) => return,
                };
            }
        }
    }
}

/// Why no more orders are taken with a connection.
enum Next {
    /// The screen is gone.
    End,
    /// The login that is stored now is wanted.
    Again,
    Context(String),
}

/// Takes orders until another connection is wanted.
async fn take_orders(
    shared: &Shared,
    globals: &Globals,
    orders: &mut UnboundedReceiver<Effect>,
) -> Next {
    let mut tasks: HashMap<u64, Vec<AbortHandle>> = HashMap::new();
    loop {
        let Some(effect) = orders.recv().await else {
            return Next::End;
        };
        for handles in tasks.values_mut() {
            handles.retain(|handle| !handle.is_finished());
        }
        tasks.retain(|_, handles| !handles.is_empty());
        let mut own = |page: u64, handle: AbortHandle| tasks.entry(page).or_default().push(handle);
        let it = shared.clone();
        match effect {
            Effect::Load { page, load } => {
                let globals = globals.clone();
                let task = spawn_local(async move {
                    load::rows(&it, &globals, page, load).await;
                });
                own(page, task.abort_handle());
            }
            Effect::Watch {
                page,
                session,
                project,
            } => {
                for handle in watch::start(&it, page, &session, &project) {
                    own(page, handle);
                }
            }
            Effect::Cancel { page } => {
                for handle in tasks.remove(&page).into_iter().flatten() {
                    handle.abort();
                }
            }
            Effect::Send { page, sends } => {
                spawn_local(async move { send::all(&it, page, sends).await });
            }
            Effect::Offer { form, field, list } => {
                spawn_local(async move {
                    let offers = load::offers(&it.client, &list).await;
                    let _ = it.tell(Answer::Offered {
                        form,
                        field,
                        offers,
                    });
                });
            }
            Effect::Fetch { page, fetch } => {
                let task = spawn_local(async move {
                    let record = fetched(&it.client, &fetch).await;
                    let _ = it.tell(Answer::Fetched { page, record });
                });
                own(page, task.abort_handle());
            }
            Effect::Write { path, text } => {
                let said = write(&path, &text);
                let is_error = said.is_err();
                let text = said.unwrap_or_else(|why| why);
                let _ = shared.events.send(Event::Say(text, is_error));
            }
            Effect::Connect(Some(context)) => return Next::Context(context),
            Effect::Connect(None) => return Next::Again,
            Effect::Copy(_) | Effect::Edit(_) | Effect::Suspend | Effect::Quit => {}
        }
    }
}

/// Reads one object; a credential's token is not part of it.
async fn fetched(client: &Client, fetch: &Fetch) -> Result<Record, Fault> {
    let mut request = Request::get(fetch.path.clone());
    request.project = Some(fetch.project.clone());
    let asked = async {
        let fetched = client.fetch(fetch.resource, &request).await;
        fetched.map_err(|error| fault(&error))
    };
    let mut record = limited(asked).await?;
    record.remove("token");
    Ok(record)
}

/// Writes a new file that only the user can read.
fn write(path: &str, text: &str) -> Result<String, String> {
    let path = env::in_home(path);
    match secret_file::write_new(&path, text.as_bytes()) {
        Ok(()) => Ok(format!("Written: {}", path.display())),
        Err(error) => {
            let why = crate::compat::io_reason::reason(&error);
            Err(format!("write {}: {why}", path.display()))
        }
    }
}
