//! `acpctl credential create --mint`: makes a narrow account in the kubeconfig's cluster, and stores a token of it.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::args::Args;
use super::{prepare, send};
use crate::binding::Grantee;
use crate::cluster::change;
use crate::cluster::grade::{Grade, Level};
use crate::cluster::journal::{Journal, Note, Work};
use crate::cluster::objects::{Account, Kind as Made, Object, Origin, is_name};
use crate::cluster::roles::{self, Role};
use crate::cluster::{Client, Fault};
use crate::commands::confirm;
use crate::commands::credential::binding;
use crate::commands::credential::consent;
use crate::commands::credential::minted::{self, Ends, Minted};
use crate::commands::credential::new_token::{self, Bound, Token};
use crate::commands::grading;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::cluster::{ClusterArgs, EXEC_PLUGIN, Way, failure};
use crate::intake::name_from_context;
use crate::lookup::{self, Collection};
use crate::output::{Format, progress, signals};
use crate::resources::{KUBECONFIG, Record};
use crate::text::quote;
use crate::text::{acpctl_for, url_for_people};

/// The objects that will be made.
struct Plan {
    /// The name of the credential.
    name: String,
    minted: Minted,
    role: Role,
    objects: Vec<Object>,
}

pub(super) fn run(ctx: &Ctx, args: &Args, format: &Format) -> anyhow::Result<()> {
    check(args)?;
    let role = args.mint.role()?;
    let cluster = ClusterArgs {
        from_file: args.source.path().map(Into::into),
        context: args.kubeconfig.context.clone(),
        allow: allowed_login(args),
    };
    let way = cluster.way(ctx, None)?;
    let (name, account) = account(args, &way, &role)?;
    let ends = Ends::open(ctx, way, &cluster.allow)?;
    let [anchor, _] = account.anchors();
    let origin = Origin {
        credential: name.clone(),
        platform: ends.address.clone(),
    };
    let plan = Plan {
        objects: account.objects(&role, &anchor, &origin),
        minted: Minted {
            account,
            role: role.word().to_owned(),
            anchor,
            ttl: args.mint.ttl()?,
            server: ends.server(),
        },
        name,
        role,
    };
    refuse_taken(ctx, &ends, &plan.name)?;
    let projects = ctx.block_on(args.bind.find(ends.platform))?;
    let rehearsed =
        ctx.block_on(async { Ok(rehearse(&ends.cluster, &plan).await.map_err(failure)?) });
    rehearsed.context("nothing was created")?;
    if args.dry_run && !matches!(format, Format::Table | Format::Wide | Format::Name) {
        return ctx.out.value(&as_json(&plan, &ends), format);
    }
    show(ctx, &plan, &ends);
    let planned = consent::not_stored(&plan.name, KUBECONFIG)?;
    if !consent::may_bind_each(ctx, &planned, &projects, args.consent())? {
        return Ok(());
    }
    if args.dry_run {
        ctx.out
            .line(&format!("credential/{} created (dry run)", plan.name))?;
        return args.bind.rehearse(ctx, &plan.name);
    }
    if !args.mint.yes && !confirm::ask_or_read(ctx, "Create these objects, and store the token?")? {
        ctx.out.note("Aborted: nothing was created");
        return Ok(());
    }
    make_and_store(ctx, args, format, &plan, &ends, &projects)
}

/// Refuses what contradicts itself before anything is read.
fn check(args: &Args) -> Result<(), Failure> {
    args.mint.ttl()?;
    let provider = args.provider.as_deref().unwrap_or_default();
    if !matches!(provider, "" | KUBECONFIG) {
        return Err(Failure::usage(
            "--mint makes a kubeconfig; leave --provider out",
        ));
    }
    if args.source.is_given() && args.source.path().is_none() {
        return Err(Failure::usage(
            "--mint takes your kubeconfig with --from-file or --context, not with --token",
        ));
    }
    if args.if_exists.is_some() || args.allow_duplicate {
        return Err(Failure::usage(
            "--mint makes a new credential; --if-exists and --allow-duplicate do not fit",
        )
        .hint("renew one that exists: acpctl credential renew NAME"));
    }
    Ok(())
}

fn allowed_login(args: &Args) -> Vec<String> {
    let codes = args.kubeconfig.gates.allow.iter();
    codes.filter(|code| *code == EXEC_PLUGIN).cloned().collect()
}

/// Names the credential and its account.
fn account(args: &Args, way: &Way, role: &Role) -> anyhow::Result<(String, Account)> {
    let context = &way.access.context;
    let name = args.name.clone().filter(|name| !name.is_empty());
    let name =
        name.unwrap_or_else(|| name_from_context(&format!("{}-{}", context.name, role.word())));
    lookup::check("credential name", &name)?;
    let given = args.mint.namespace.as_deref();
    let namespace = given.unwrap_or_else(|| way.namespace());
    if !is_name(namespace) {
        return Err(Failure::usage(format!(
            "{} can't be the name of a namespace",
            quote(namespace)
        ))
        .into());
    }
    let account = Account::fresh(&name, namespace)?;
    Ok((name, account))
}

/// A name that is taken is found before anything is made in the cluster.
fn refuse_taken(ctx: &Ctx, ends: &Ends<'_>, name: &str) -> anyhow::Result<()> {
    let found = ctx.block_on(async {
        lookup::by_name(ends.platform, &Collection::credentials(), name)
            .await
            .with_context(|| format!("look up credential {}", quote(name)))
    })?;
    match found.first() {
        Some(first) => Err(send::taken(name, first).into()),
        None => Ok(()),
    }
}

/// Lets the cluster check the objects without storing them. A token is never tried: the cluster would give one that
/// works. A binding to a role that does not exist yet can't be tried either; the check of the role includes that of its
/// rights.
async fn rehearse(client: &Client, plan: &Plan) -> Result<(), Fault> {
    let _asking = progress::begin("Asking the cluster whether it would accept the objects");
    if let Role::Cluster(name) = &plan.role {
        change::require_role(client, name).await?;
    }
    for object in &plan.objects {
        let needs_role = object.kind == Made::Binding && matches!(plan.role, Role::Own { .. });
        if !needs_role {
            change::try_create(client, object).await?;
        }
    }
    Ok(())
}

/// Shows what will be made.
fn show(ctx: &Ctx, plan: &Plan, ends: &Ends<'_>) {
    let Minted { account, ttl, .. } = &plan.minted;
    ctx.out.note(&format!(
        "In the namespace {} of {}:",
        account.namespace,
        url_for_people(&ends.way.access.server)
    ));
    for object in &plan.objects {
        ctx.out
            .note(&format!("  {}{}", object.says(), purpose(object, plan)));
        if let Some(rules) = object.body["rules"].as_array() {
            for rule in rules {
                ctx.out.note(&format!("    {}", roles::says(rule)));
            }
        }
    }
    ctx.out.note(&format!(
        "  and a token of the account for {}, to be stored as credential/{}",
        minted::length(*ttl),
        plan.name
    ));
}

fn purpose(object: &Object, plan: &Plan) -> String {
    match (object.kind, &plan.role) {
        (Made::Binding, Role::Cluster(name)) => format!(": gives it the ClusterRole {name} here"),
        (Made::Binding, Role::Own { .. }) => ": gives it the Role".to_owned(),
        (Made::Anchor, _) => ": empty; the token ends when it is deleted".to_owned(),
        (Made::Role, role) => match role.meaning() {
            Some(meaning) => format!(" ({}: {meaning}):", role.word()),
            None => ":".to_owned(),
        },
        _ => String::new(),
    }
}

fn as_json(plan: &Plan, ends: &Ends<'_>) -> Value {
    json!({
        "name": plan.name,
        "server": ends.server(),
        "namespace": plan.minted.account.namespace,
        "role": plan.minted.role,
        "ttl_seconds": plan.minted.ttl.as_secs(),
        "objects": plan.objects.iter().map(|object| &object.body).collect::<Vec<_>>(),
    })
}

fn make_and_store(
    ctx: &Ctx,
    args: &Args,
    format: &Format,
    plan: &Plan,
    ends: &Ends<'_>,
    projects: &[(String, Grantee)],
) -> anyhow::Result<()> {
    let account = &plan.minted.account;
    ends.settle_left(ctx, None)?;
    let rest = format!(
        "The next 'acpctl credential create --mint', 'renew' or 'revoke' for this cluster removes it. By hand: {}",
        ends.remove_by_hand(account)
    );
    let work = ends.begin_work("what was made is removed", &rest)?;
    let mut journal = Journal::begin(Note {
        work: Work::Mint,
        server: ends.server(),
        platform: ends.address.clone(),
        credential: plan.name.clone(),
        record: None,
        digest: None,
        id: account.id.clone(),
        namespace: account.namespace.clone(),
        new_anchor: Some(plan.minted.anchor.clone()),
        old_anchor: None,
        step: String::new(),
    })?;
    let stored = make(ctx, plan, ends, &work, &mut journal).and_then(|token| {
        if let Some(limit) = args.max_grade {
            grading::gate(&plan.name, token.asked.grade, limit)?;
        }
        work.check()?;
        let record = store(ctx, args, plan, ends, &token, &mut journal)?;
        Ok((record, token))
    });
    let (record, token) = match stored {
        Ok(stored) => stored,
        Err(why) => {
            let why = work.or_interrupted(why);
            let made = account.to_remove(&[&plan.minted.anchor]);
            return Err(ends.undo(ctx, journal, &made, why));
        }
    };
    journal.end();
    match format {
        Format::Table | Format::Wide => ctx
            .out
            .line(&format!("credential/{} created", record.name())),
        format => ctx.out.record(&record, format, ctx.now()),
    }?;
    ctx.out
        .note(&minted::says(&plan.minted, &token.asked, token.end));
    warn_of_surprises(ctx, plan, &token);
    if let Err(interrupted) = work.check() {
        for (project, _) in projects {
            let flags = ["--project", project];
            let bind = acpctl_for(&["credential", "bind"], record.name(), &flags);
            ctx.out.note(&format!("Not bound: {bind}"));
        }
        return Err(interrupted.into());
    }
    drop(work);
    binding::bind_each(ctx, &record, projects, format)
}

/// Creates the objects and the token, and tries the token.
fn make(
    ctx: &Ctx,
    plan: &Plan,
    ends: &Ends<'_>,
    work: &signals::Work,
    journal: &mut Journal,
) -> anyhow::Result<Token> {
    ctx.block_on(async {
        let _making = progress::begin("Creating the objects");
        let (mut account_uid, mut anchor) = (None, None);
        for object in &plan.objects {
            work.check()?;
            journal.step(object.says())?;
            let uid = change::create(&ends.cluster, object)
                .await
                .map_err(failure)?;
            match object.kind {
                Made::Account => account_uid = Some(uid),
                Made::Anchor => anchor = Some((object, uid)),
                Made::Role | Made::Binding => {}
            }
        }
        let account_uid = account_uid.context("there is no account")?;
        let (anchor, uid) = anchor.context("there is no anchor")?;
        let bound = Bound {
            account_uid: &account_uid,
            anchor,
            anchor_uid: &uid,
        };
        new_token::get(ctx, ends, &plan.minted, &bound, &plan.name, (work, journal)).await
    })
}

/// Gives the token to the platform, and makes sure that the platform has it.
fn store(
    ctx: &Ctx,
    args: &Args,
    plan: &Plan,
    ends: &Ends<'_>,
    token: &Token,
    journal: &mut Journal,
) -> anyhow::Result<Record> {
    let recorded = plan.minted.annotations(&token.asked, ctx);
    let new = prepare::minted(ctx, args, plan.name.clone(), &token.text, recorded)?;
    journal.note.digest.clone_from(&new.digest);
    journal.step("store")?;
    let sent = send::send(ctx, args, &new);
    // The platform may have stored it before it failed, and it may only say that it has stored it.
    match (sent, ctx.block_on(ends.stored(&journal.note))) {
        (_, Ok(Some((record, _)))) => {
            ctx.block_on(async {
                ends.name_new_owner(ctx, &journal.note, &record).await;
                Ok(())
            })?;
            Ok(record)
        }
        (Err(why), _) => Err(why),
        (Ok(_), Ok(None)) => Err(Failure::new(
            Kind::Server,
            "the platform says that it has stored the credential, and does not have it",
        )
        .into()),
        (Ok((record, _)), Err(why)) => {
            ctx.out.warn(&format!(
                "it was not seen that the platform has stored the credential: {why:#}"
            ));
            Ok(record)
        }
    }
}

/// Says what differs from what was asked for.
fn warn_of_surprises(ctx: &Ctx, plan: &Plan, token: &Token) {
    minted::warn_if_short(ctx, plan.minted.ttl, token.end);
    let nothing = Grade {
        level: Level::None,
        at_least: false,
    };
    if token.asked.grade == nothing {
        ctx.out
            .warn("the new account can do nothing in this namespace");
    }
}
