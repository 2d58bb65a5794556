return Hyperspace.Commands.Root.Invoke(args);
