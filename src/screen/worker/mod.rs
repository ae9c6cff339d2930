//! The requests of the screen, on a thread of its own. The screen never waits for it.
//!
//! Each order carries the number of the connection that it was given for, and each answer that of the connection that
//! it came from: nothing that was meant for one server is sent to another, and no answer of one server is shown as
//! another's. All work for a page ends when the page is left, and all reading ends when another connection is made. A
//! request that changes something is never cut off: it goes on where it began, and its answer is reported.

mod join;
mod lists;
mod load;
mod names;
mod send;
mod shared;
mod watch;

use std::collections::HashMap;
use std::future::pending;
use std::rc::Rc;
use std::sync::mpsc::SyncSender;
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, LocalSet, spawn_local};

use super::connection::{self, Connection, Pin};
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
    orders: UnboundedSender<Order>,
}

/// Work that is wanted.
struct Order {
    /// The number of the connection that it is for.
    connection: u64,
    effect: Effect,
}

impl Worker {
    /// Starts the thread, with the first connection.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(super) fn start(
        client: Client,
        pin: Pin,
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
                let shared = Shared::new(0, client, events);
                let serving = serve(shared, pin, &globals, received);
                LocalSet::new().block_on(&runtime, serving);
                runtime.shutdown_background();
            })?;
        Ok(Self { orders })
    }

    /// Orders work for a connection. The queue is not limited, because each order follows from a key or a tick.
    pub(super) fn order(&self, connection: u64, effect: Effect) {
        let _ = self.orders.send(Order { connection, effect });
    }
}

/// Takes orders until the screen is gone. While another connection is being made, the one that stands goes on.
async fn serve(
    mut shared: Shared,
    mut pin: Pin,
    globals: &Globals,
    mut orders: UnboundedReceiver<Order>,
) {
    let mut tasks = Tasks::default();
    let mut coming: Option<Coming> = None;
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                None => return,
                // Whoever chooses another server while one is on its way no longer wants that one.
                Some(Order { effect: Effect::Connect { number, to }, .. }) => {
                    coming = Some(Coming::start(number, globals.clone(), pin.clone(), to));
                }
                Some(order) if order.connection == shared.connection => {
                    obey(&shared, globals, &mut tasks, order.effect);
                }
                Some(order) => refuse(&shared, &order.effect),
            },
            (number, made) = arrival(&mut coming) => {
                coming = None;
                match made {
                    Ok(made) => {
                        tasks.end_all();
                        pin = made.pin;
                        shared = Shared::new(number, made.client, shared.events);
                        let _ = shared.tell(Answer::Connected(made.about));
                    }
                    Err(error) => {
                        let fault = Fault::new(format!("{error:#}"));
                        let _ = shared.tell_of(number, Answer::Unconnected(fault));
                    }
                }
            }
        }
    }
}

/// A connection that is being made, on a thread of its own: a login may have to be renewed for it.
struct Coming {
    number: u64,
    made: oneshot::Receiver<anyhow::Result<Connection>>,
}

impl Coming {
    fn start(number: u64, globals: Globals, pin: Pin, to: Option<String>) -> Self {
        let (sender, made) = oneshot::channel();
        let connect = move || {
            let made = match to {
                Some(name) => connection::to(&globals, &name),
                None => connection::again(&pin),
            };
            let _ = sender.send(made);
        };
        // Without a thread, the sender is gone, and that is what is reported.
        let _ = thread::Builder::new()
            .name("connect".to_owned())
            .spawn(connect);
        Self { number, made }
    }
}

/// Waits for the connection that is being made, if any.
async fn arrival(coming: &mut Option<Coming>) -> (u64, anyhow::Result<Connection>) {
    match coming {
        None => pending().await,
        Some(it) => {
            let made = (&mut it.made).await;
            let made = made.unwrap_or_else(|_| Err(anyhow::anyhow!("connect: no thread for it")));
            (it.number, made)
        }
    }
}

/// The work that reads, by the page that it is for.
#[derive(Default)]
struct Tasks {
    handles: HashMap<u64, Vec<AbortHandle>>,
    /// What makes the tasks that follow a session read at once.
    hurries: HashMap<u64, Rc<Notify>>,
}

impl Tasks {
    fn own(&mut self, page: u64, handle: AbortHandle) {
        for handles in self.handles.values_mut() {
            handles.retain(|handle| !handle.is_finished());
        }
        self.handles.retain(|_, handles| !handles.is_empty());
        self.handles.entry(page).or_default().push(handle);
    }

    fn end(&mut self, page: u64) {
        self.hurries.remove(&page);
        for handle in self.handles.remove(&page).into_iter().flatten() {
            handle.abort();
        }
    }

    fn end_all(&mut self) {
        self.hurries.clear();
        for (_, handles) in self.handles.drain() {
            handles.iter().for_each(AbortHandle::abort);
        }
    }
}

/// Begins the work of an order.
fn obey(shared: &Shared, globals: &Globals, tasks: &mut Tasks, effect: Effect) {
    let it = shared.clone();
    match effect {
        Effect::Load { page, load } => {
            let globals = globals.clone();
            let task = spawn_local(async move {
                load::rows(&it, &globals, page, load).await;
            });
            tasks.own(page, task.abort_handle());
        }
        Effect::Watch {
            page,
            session,
            project,
            after,
        } => {
            let started = watch::start(&it, page, &session, &project, after);
            for handle in started.tasks {
                tasks.own(page, handle);
            }
            tasks.hurries.insert(page, started.hurry);
        }
        Effect::Hurry { page } => {
            if let Some(hurry) = tasks.hurries.get(&page) {
                hurry.notify_waiters();
            }
        }
        Effect::Cancel { page } => tasks.end(page),
        Effect::Send { page, sends } => {
            spawn_local(async move { send::all(&it, page, sends).await });
        }
        Effect::Offer { form, field, list } => {
            spawn_local(async move {
                let (offers, gap) = load::offers(&it.client, &list).await;
                let _ = it.tell(Answer::Offered {
                    form,
                    field,
                    offers,
                    gap,
                });
            });
        }
        Effect::Plan { form, sends } => {
            spawn_local(async move {
                let shadowed = limited(send::shadowed(&it.client, &sends)).await;
                let _ = it.tell(Answer::Planned {
                    form,
                    sends,
                    shadowed,
                });
            });
        }
        Effect::Fetch { page, fetch } => {
            let task = spawn_local(async move {
                let record = fetched(&it.client, &fetch).await;
                let _ = it.tell(Answer::Fetched { page, record });
            });
            tasks.own(page, task.abort_handle());
        }
        Effect::Write { path, text } => {
            let said = write(&path, &text);
            let is_error = said.is_err();
            let text = said.unwrap_or_else(|why| why);
            let _ = shared.events.send(Event::Say(text, is_error));
        }
        Effect::Connect { .. }
        | Effect::Copy(_)
        | Effect::Edit(_)
        | Effect::Outside(_)
        | Effect::Suspend
        | Effect::Quit => {}
    }
}

/// Leaves out an order that was given for another connection. What it would have read is asked for again by the page;
/// what it would have changed is the user's to decide.
fn refuse(shared: &Shared, effect: &Effect) {
    let late = || Fault::new("Not sent: the server changed meanwhile");
    if let Effect::Plan { form, .. } = effect {
        let _ = shared.tell(Answer::Planned {
            form: *form,
            sends: Vec::new(),
            shadowed: Err(late()),
        });
    }
    let Effect::Send { page, sends } = effect else {
        return;
    };
    for send in sends {
        let _ = shared.tell(Answer::Sent {
            page: *page,
            number: send.number,
            said: Err(late()),
            echo: None,
        });
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use clap::{Args as _, FromArgMatches as _};

    use super::*;
    use crate::api::Method;
    use crate::auth::login::Source;
    use crate::config::{Config, Settings};
    use crate::screen::effect::Send;
    use crate::screen::scope::Scope;

    #[test]
    fn an_order_for_another_connection_is_left_out_and_said() {
        let flags = Globals::augment_args(clap::Command::new("acpctl"));
        // Nothing listens there.
        let words = ["acpctl", "--api-url", "http://127.0.0.1:9"];
        let globals = Globals::from_arg_matches(&flags.get_matches_from(words)).unwrap();
        let settings = Settings::new(&globals, &Config::none());
        let client = Client::connect(&settings, None).unwrap();
        let pin = Pin::new(&globals, &settings, Source::Store);
        let (sender, events) = sync_channel(8);
        let worker = Worker::start(client, pin, globals, sender).unwrap();
        let delete = Send::new(
            Method::Delete,
            "/credentials/none".to_owned(),
            &Scope::default(),
        );
        for connection in [1, 0] {
            let sends = vec![delete.clone()];
            worker.order(connection, Effect::Send { page: 1, sends });
        }
        let Event::Answer(0, Answer::Sent { said, .. }) = events.recv().unwrap() else {
            panic!("the order is refused")
        };
        let text = said.unwrap_err().text;
        assert_eq!(text, "Not sent: the server changed meanwhile");
        assert!(matches!(
            events.recv().unwrap(),
            Event::Answer(0, Answer::Sent { .. })
        ));
    }
}
