//! Evaluates one policy against one object.
//!
//! As the API server does it: match conditions first, then every validation; an error counts as the failure policy says.
//! What cannot be known is a doubt and never a verdict.

use super::expression::{Code, NAMESPACE, OBJECT, PARAMS, SLOTS, VARIABLES};
use super::policy::{Body, Policy, Validation};
use crate::expr::{Env, Failure, Truth, Value};
use crate::syntax::{Forest, Origin};
use crate::vocabulary::{NodeRef, Reason};

/// Longest computed message that is used, in bytes.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// What an evaluation came to.
#[derive(Debug, Default)]
pub struct Judgement {
    /// What the object violates.
    pub violations: Vec<Broken>,
    /// Why more may be wrong.
    pub doubt: Option<Reason>,
}

/// A validation that does not hold.
#[derive(Debug)]
pub struct Broken {
    /// What the API server would say.
    pub message: String,
    /// What of the object is to blame, if anything is.
    pub at: Option<Origin>,
    /// The expression; none where the binding is wrong.
    pub expression: Option<NodeRef>,
    /// Whether the object is refused whatever the binding's actions are.
    pub always_denied: bool,
}

/// Everything an evaluation needs.
pub struct Bench<'e, 'f> {
    /// The trees of object, parameters and Namespace.
    pub forest: &'f Forest,
    /// The policy.
    pub policy: &'e Policy,
    /// Values by slot; those of variables are filled in here.
    pub slots: [Value<'f>; SLOTS],
    /// Why an error may be none: fields may be missing that a cluster has.
    pub guessed: Option<&'e Reason>,
}

impl<'f> Bench<'_, 'f> {
    /// Evaluates the policy.
    pub fn judge(mut self) -> Judgement {
        let body = match &self.policy.body {
            Ok(body) => body,
            Err(reason) => return Judgement { violations: Vec::new(), doubt: Some(reason.clone()) },
        };
        self.set_variables(body);
        let mut judgement = Judgement::default();
        // Match conditions see no Namespace.
        let namespace = std::mem::replace(&mut self.slots[NAMESPACE], Value::Null);
        let asked = self.is_asked(body, &mut judgement);
        self.slots[NAMESPACE] = namespace;
        if asked {
            // The variables may read the Namespace.
            self.set_variables(body);
            body.validations.iter().for_each(|validation| self.validate(validation, &mut judgement));
            body.annotations.iter().for_each(|code| self.annotate(code, &mut judgement));
        }
        judgement
    }

    fn env(&self) -> Env<'_, 'f> {
        Env { forest: self.forest, slots: &self.slots }
    }

    fn set_variables(&mut self, body: &Body) {
        let mut known: Vec<(String, Value<'f>)> = Vec::with_capacity(body.variables.len());
        for (name, code) in &body.variables {
            // A failure stays in the variable and counts where it is used.
            known.push((name.clone(), code.eval(&self.env())));
            self.slots[VARIABLES] = Value::map(known.iter().cloned());
        }
    }

    fn is_asked(&self, body: &Body, judgement: &mut Judgement) -> bool {
        let truths: Vec<(&Code, Truth)> =
            body.conditions.iter().map(|code| (code, code.eval(&self.env()).truth())).collect();
        if truths.iter().any(|(_, truth)| *truth == Truth::False) {
            return false;
        }
        for (code, truth) in truths {
            match truth {
                Truth::Unknown(reason) => {
                    judgement.doubt = Some(reason);
                    return false;
                }
                Truth::Error(failure) => {
                    self.failed(code, &failure, false, judgement);
                    return false;
                }
                _ => {}
            }
        }
        true
    }

    fn validate(&self, validation: &Validation, judgement: &mut Judgement) {
        match validation.code.eval(&self.env()).truth() {
            Truth::True => {}
            Truth::False => judgement.violations.push(Broken {
                message: self.message(validation),
                at: validation.code.blame(&self.env()),
                expression: Some(validation.code.at),
                always_denied: false,
            }),
            Truth::Unknown(reason) => judgement.doubt = judgement.doubt.take().or(Some(reason)),
            Truth::Error(failure) => self.failed(&validation.code, &failure, false, judgement),
        }
    }

    /// A value that is neither text nor null refuses the object, whatever the failure policy.
    fn annotate(&self, code: &Code, judgement: &mut Judgement) {
        let value = code.eval(&self.env());
        match value.truth() {
            Truth::Error(failure) if matches!(value, Value::Error(_)) => self.failed(code, &failure, true, judgement),
            Truth::Unknown(_) => {}
            _ if matches!(value.type_name(), "string" | "null_type") => {}
            _ => {
                let message = format!(
                    "valueExpression '{}' resulted in unsupported return type: {}. Return type must be either string or null.",
                    code.text,
                    value.type_name()
                );
                judgement.violations.push(Broken { message, at: None, expression: Some(code.at), always_denied: true });
            }
        }
    }

    fn failed(&self, code: &Code, failure: &Failure, always_denied: bool, judgement: &mut Judgement) {
        if self.policy.forgiving {
            return;
        }
        if let Some(reason) = self.guessed {
            judgement.doubt = judgement.doubt.take().or_else(|| Some(reason.clone()));
            return;
        }
        let message = format!("expression '{}' resulted in error: {}", code.on_one_line(), failure.message);
        let at = code.blame(&self.env());
        judgement.violations.push(Broken { message, at, expression: Some(code.at), always_denied });
    }

    /// The computed message, else the fixed one, else the expression.
    fn message(&self, validation: &Validation) -> String {
        let computed = validation.message_expression.as_ref().and_then(|code| {
            let value = code.eval(&self.env());
            let text = (value.type_name() == "string").then(|| value.to_text()).flatten()?;
            let text = text.trim().to_string();
            (!text.is_empty() && text.len() <= LONGEST_MESSAGE && !text.contains('\n')).then_some(text)
        });
        let written = || validation.message.clone();
        computed.or_else(written).unwrap_or_else(|| format!("failed expression: {}", validation.code.on_one_line()))
    }
}

/// The slots with everything but object, parameters and Namespace.
pub fn slots<'f>(
    object: Value<'f>,
    params: Value<'f>,
    namespace: Value<'f>,
    request: Value<'f>,
    authorizer: Value<'f>,
) -> [Value<'f>; SLOTS] {
    let mut slots = [const { Value::Null }; SLOTS];
    slots[OBJECT] = object;
    slots[PARAMS] = params;
    slots[NAMESPACE] = namespace;
    slots[super::expression::REQUEST] = request;
    slots[VARIABLES] = Value::map(std::iter::empty::<(String, Value<'f>)>());
    slots[super::expression::AUTHORIZER] = authorizer;
    slots
}
