import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from functools import partial

from mininet.cli import CLI
from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import Host, OVSSwitch, RemoteController

