# Looks for marks inside a machine; they come on standard input, a line each, as `NAME HEX`, and are in no argv.
# Says `PLACE<TAB>NAME` of each one found, a line each.
#   files TIME ROOT… all files below that were touched since (seconds since 1970), and their names
#   processes FILE   argv and environ of all processes, again and again as long as FILE is there, in which it says what it finds
use strict;
use warnings;
use File::Find;
use IO::Handle;

my ($mode, @arguments) = @ARGV;
my %names;
while (my $line = <STDIN>) {
  my ($name, $hex) = split ' ', $line;
  $names{pack 'H*', $hex} = $name;
}
my $any = join '|', map { quotemeta } sort { length $b <=> length $a } keys %names;
my %told;
my $out = *STDOUT;

sub tell_of {
  my ($place, $data) = @_;
  while ($data =~ /($any)/g) {
    print {$out} "$place\t$names{$1}\n" unless $told{"$place\t$names{$1}"}++;
  }
}

# Files come and go while this reads: what is gone is empty.
sub content {
  my ($path) = @_;
  open my $file, '<:raw', $path or return '';
  local $/;
  return readline($file) // '';
}

sub search_files {
  my ($since, @roots) = @_;
  @roots = grep { -e } @roots;
  find({ no_chdir => 1, wanted => sub {
    # A layer has all of it already.
    return $File::Find::prune = 1 if m{/overlay2/[^/]+/merged$};
    my $changed = (lstat)[10] // return;
    return if $changed < $since;
    tell_of("the name of $_", $_);
    tell_of($_, content($_)) if -f _;
  } }, @roots);
}

sub watch_processes {
  my ($file) = @_;
  my $own = readlink '/proc/self/ns/pid';
  open $out, '>', $file or die "$file: $!";
  $out->autoflush;
  my %known;
  while (-e $file) {
    for my $process (glob '/proc/[0-9]*') {
      my $argv = content("$process/cmdline");
      next if ($known{$process} // '') eq $argv;
      $known{$process} = $argv;
      my $name = content("$process/comm");
      chomp $name;
      tell_of("argv of $name", $argv);
      my $space = readlink("$process/ns/pid") // next;
      tell_of($space eq $own ? "environ of $name" : 'environ in a container', content("$process/environ"));
    }
    select undef, undef, undef, 0.002;
  }
}

$mode eq 'files' ? search_files(@arguments) : watch_processes(@arguments);
