namespace Hyperspace.Machines.Power.Rules;

/// <summary>The rules of a machine without a <c>power.yaml</c>: themselves a file that can be copied and changed.</summary>
public static class DefaultRules
{
    public const string Yaml =
        """
        # What this machine does when its lid, buttons and battery say something.
        # The first rule that matches counts. `hyperspace power explain "lid closed"` says which.
        low: 15
        critical: 5
        rules:
          - name: docked
            when: lid closed
            if: {externalMonitor: true}
            do: [nothing]

          - name: closed on battery
            when: lid closed
            if: {power: battery}
            do: [sleep guests, suspend host]

          - name: closed on AC
            when: lid closed
            do: [lock, blank screen]

          - when: sleep button
            do: [sleep guests, suspend host]

          - when: power button
            do: [stop guests, power off host]

          - when: battery critical
            do:
              - {action: checkpoint guests, deadline: 60s}
              - power off host

        """;

    public static PowerRules Rules { get; } = RulesReader.Read("built-in rules", Yaml).Rules! with { File = null };
}
