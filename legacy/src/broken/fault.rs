//! What can be wrong, always in one place and always by the same rule: no dice, so that a fault
//! that was not caught is caught by nothing rather than by luck.

/// Declares the faults of something for suites that must catch them: an enum, each of its variants
/// once with its name and with what a bus with it does, to follow "the bus".
#[macro_export]
macro_rules! faults {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $faults:ident {
            $($variant:ident $name:literal $summary:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $visibility enum $faults {
            $(#[doc = concat!("The bus ", $summary, ".")] $variant,)+
        }

        impl $faults {
            /// Every one, in the order declared.
            $visibility const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name, in kebab case.
            $visibility fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What a bus with it does, to follow "the bus".
            $visibility fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)+ }
            }

            /// The one with this name.
            $visibility fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|fault| fault.name() == name)
            }
        }
    };
}

faults! {
    /// One fault of a bus.
    pub enum Fault {
        Nothing "nothing" "keeps every promise: shows that the wrapper itself is sound",

        LosesOneInFive "loses-one-in-five" "never hands over every fifth event of a subscription",
        LosesTheFirst "loses-the-first" "takes a subscription up one event late",
        DeliversTwice "delivers-twice" "hands every third event over twice",
        SwapsNeighbours "swaps-neighbours" "hands every tenth event over after the next one",
        IsOvertakenRarely "is-overtaken-rarely"
            "hands every thousandth event over after the next one, a fence where that is the last",
        SwapsForOneSubscriber "swaps-for-one-subscriber"
            "shows events of different publishers to every second subscriber in another order",
        ShowsEffectsFirst "shows-effects-first"
            "shows every second subscriber some events after others that were published once \
             somebody had received them",
        AcceptsEarly "accepts-early"
            "takes some events and gives them their place only with their publisher's next",
        DeliversForeignTopics "delivers-foreign-topics" "hands over whatever the topic",
        DeliversOneForeign "delivers-one-foreign" "hands over the first event of a foreign topic",
        HashNeedsALevel "hash-needs-a-level" "wants at least one level for a `#`",
        PlusTakesMany "plus-takes-many" "lets a last `+` stand for any number of levels",
        AcceptsIllegalLevels "accepts-illegal-levels"
            "takes patterns that are too long, too deep or of other characters",
        AcceptsForeignNamespaces "accepts-foreign-namespaces"
            "takes patterns of namespaces that do not exist",
        AcceptsStrayWildcards "accepts-stray-wildcards"
            "takes patterns with `*`, an empty level, or a wildcard within one",
        AllowsWildcards "allows-wildcards" "takes wildcards where they are switched off",
        IgnoresCapabilities "ignores-capabilities"
            "hands over everything where capabilities are named",
        DeliversWhatItRefused "delivers-what-it-refused"
            "says `Timeout` for some events and delivers them all the same",
        RefusesForNoReason "refuses-for-no-reason"
            "says `Timeout` at once for every fiftieth event",

        IgnoresTypes "ignores-types" "does not ask for the kind of an event",
        IgnoresPids "ignores-pids" "does not ask for the process of an event",
        IgnoresPriority "ignores-priority" "does not ask for the priority of an event",
        IgnoresSources "ignores-sources" "does not ask for the source of an event",
        IgnoresMetadata "ignores-metadata" "does not ask for the metadata of an event",
        IgnoresExcludes "ignores-excludes" "lets excluded topics pass",
        IgnoresIncludes "ignores-includes" "does not narrow to included topics",
        IgnoresCorrelationIds "ignores-correlation-ids" "does not compare whole correlation ids",
        IgnoresIdPrefixes "ignores-id-prefixes" "does not compare prefixes of correlation ids",
        IgnoresParents "ignores-parents" "does not ask for the parent",
        IgnoresRoots "ignores-roots" "does not ask for the root",
        IgnoresStages "ignores-stages" "does not ask for the stage",
        IgnoresAllTags "ignores-all-tags" "does not ask for tags that must all be there",
        IgnoresAnyTags "ignores-any-tags" "does not ask for tags of which one must be there",
        IgnoresSequences "ignores-sequences" "does not ask for the number within a workflow",
        IgnoresProcessIds "ignores-process-ids" "does not ask for the processes of a workflow",

        UnsubscribesLate "unsubscribes-late" "ends a subscription 1 000 publishes after it said so",
        NeverUnsubscribes "never-unsubscribes" "says that a subscription has ended and goes on",
        HasAHoleAtFirst "has-a-hole-at-first"
            "loses the second of the events that arrive while it still subscribes",
        ReplacesDuplicateIds "replaces-duplicate-ids"
            "ends the first subscription for its namesake",
        EvictsAtTheLimit "evicts-at-the-limit"
            "ends the oldest subscription to make room for one more",
        RefusesForAnotherReason "refuses-for-another-reason"
            "refuses with an error of another kind",
        KeepsDeadReceivers "keeps-dead-receivers"
            "goes on delivering to receivers that were dropped",

        TruncatesCorrelation "truncates-correlation" "keeps nothing of a correlation but its id",
        InventsCorrelation "invents-correlation" "makes a correlation where one was given",
        GivesEveryEventOneRoot "gives-every-event-one-root" "makes the same correlation for all",
        JoinsArguments "joins-arguments" "joins the arguments of a process to one",
        CutsTimestamps "cuts-timestamps" "cuts wall-clock stamps to whole seconds",
        EmptyTextBecomesAbsent "empty-text-becomes-absent" "takes an empty text for none",

        CountsOneTooMany "counts-one-too-many" "counts one event more than were published",
        CountsTwice "counts-twice" "counts every match and delivery twice",
        CountsOnceForAll "counts-once-for-all" "tells the first counters it has told for ever",
        CountsBackwards "counts-backwards" "starts its count of publishes again at 1 500",
        HidesDrops "hides-drops" "counts no losses",
        CountsTheDeparted "counts-the-departed" "goes on counting subscribers that have left",
        HidesLag "hides-lag" "tells its subscribers of no loss",
        InventsLag "invents-lag" "tells its subscribers of a loss that never was",
        ClosesGaps "closes-gaps" "numbers what it hands over, so that no loss shows as a gap",

        BlocksInsteadOfDropping "blocks-instead-of-dropping" "waits where it is told to lose",
        DropsInsteadOfBlocking "drops-instead-of-blocking" "loses where it is told to wait",
        DropsNewestForOldest "drops-newest-for-oldest"
            "loses the newest where the oldest should go",
        DropsOldestForNewest "drops-oldest-for-newest"
            "loses the oldest where the newest should go",
        NeverOpensTheCircuit "never-opens-the-circuit" "loses the newest, however often",
        NeverTriesAgain "never-tries-again" "leaves a circuit open once it has opened",
        CoolsDownAtOnce "cools-down-at-once" "tries each event on an open circuit",
        OneMorePlace "one-more-place" "holds one event more than its capacity",

        HangsAtShutdown "hangs-at-shutdown" "takes its whole deadline to shut down, and errs",
        DiscardsAtShutdown "discards-at-shutdown" "throws away what is queued when it is shut down",
        PublishesAfterShutdown "publishes-after-shutdown" "accepts events after it was shut down",
        NeverEndsReceivers "never-ends-receivers" "leaves receivers of ended subscriptions waiting",
        WaitsBeyondItsLimit "waits-beyond-its-limit" "waits on after a publish has run out of time",
        LeaksAThread "leaks-a-thread" "leaves a thread behind",
        LeaksADescriptor "leaks-a-descriptor" "leaves a file open",
        LeavesAProcess "leaves-a-process" "leaves a child process running",
        // No wrapper around a bus can do these: who puts one behind them does.
        LeavesASocket "leaves-a-socket" "leaves its socket file behind",
        LeavesAFile "leaves-a-file" "leaves a file in the folder of its trial",
        StaysRunning "stays-running" "keeps its process from ending",

        BurnsCpu "burns-cpu" "spends 60 % more CPU time, on a thread that gives way to all others",
        DelaysRarely "delays-rarely" "holds its publisher up for a millisecond every 500 events",
        RunsAt70Percent "runs-at-70-percent" "takes 0.70 of the events it could",
        RunsAt95Percent "runs-at-95-percent" "takes 0.95 of the events it could",
        LeaksOneKib "leaks-1-kib" "keeps 1 KiB for ever with every event it is given",
        LeaksFourKib "leaks-4-kib" "keeps 4 KiB for ever with every event it is given",
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn every_fault_is_found_by_its_name() {
        for fault in Fault::ALL {
            assert_eq!(Fault::named(fault.name()), Some(*fault));
        }
    }
}
